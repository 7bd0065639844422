"""What the command line shows: faults and tables. No step of the flow happens here."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console

from evaluator.board.cells import Cell
from evaluator.board.ranking import Ranking, Unranked
from evaluator.core.errors import Fault, counted
from evaluator.core.files import Json

out = Console(soft_wrap=True, highlight=False, markup=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


def show_faults(faults: Sequence[Fault], tree: Path, *, annotate: bool) -> None:
    """Print faults, one a line; as annotations that GitHub shows beside the line if asked."""
    for fault in faults:
        if annotate:
            out.print(_annotation("error", fault, tree))
        else:
            err.print(str(replace(fault, path=str(tree / fault.path))))
    err.print(counted(len(faults), "fault"))


def show_flags(flags: Sequence[Fault], tree: Path, *, annotate: bool) -> None:
    """Print what a person should look at, one a line."""
    for flag in flags:
        if annotate:
            out.print(_annotation("warning", flag, tree))
        else:
            err.print(f"warning: {replace(flag, path=str(tree / flag.path))}")


def _annotation(level: str, fault: Fault, tree: Path) -> str:
    at = f"file={_escape(f'{tree.name}/{fault.path}', _PROPERTY)},line={max(fault.line, 1)}"
    text = f"{fault.pointer + ': ' if fault.pointer else ''}{fault.message}"
    return f"::{level} {at}::{_escape(text, _LINE_ENDS)}"


_LINE_ENDS = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_LINE_ENDS, ":": "%3A", ",": "%2C"}


def _escape(text: str, table: dict[str, str]) -> str:
    """Escape what could end a workflow command (actions/toolkit, packages/core command.ts)."""
    return "".join(table.get(ch, ch) for ch in text)


def show_json(value: Json) -> None:
    """Print a value as canonical JSON for other programs."""
    print(json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1))  # noqa: T201


def show_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], right: int = 99, keys: int = 1
) -> None:
    """Print a table, never cut; columns from number `right` on are aligned to the right.

    On a terminal that is too narrow for it each row is a paragraph, named by its first `keys`.
    """
    widths = [max(map(cell_len, column)) for column in zip(columns, *rows, strict=True)]
    if out.is_terminal and sum(widths) + 2 * len(widths) - 2 > out.width:
        for row in rows:
            _show_paragraph(columns[keys:], row[:keys], row[keys:])
        return
    for row in (columns, *rows):
        cells = []
        for number, (text, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - cell_len(text))
            cells.append(space + text if number >= right else text + space)
        out.print("  ".join(cells).rstrip())


def _show_paragraph(columns: Sequence[str], names: Sequence[str], cells: Sequence[str]) -> None:
    out.print("  ".join(names))
    line = ""
    for column, text in zip(columns, cells, strict=True):
        told = f"  {column}: {text}" if column else f"  {text}"
        if line and cell_len(line + told) > out.width:
            out.print(line)
            line = ""
        line += told if text else ""
    out.print(line)


def rank_text(best: int, worst: int) -> str:
    """Return a rank interval: `3`, or `2-6` where the data allow several."""
    return str(best) if best == worst else f"{best}-{worst}"


def cell_text(cell: Cell) -> str:
    """Return a score in percent, or the state that stands in its place."""
    return f"{100 * cell.value:.1f}" if cell.state == "measured" else cell.state


def _index_text(row: Unranked) -> tuple[str, str]:
    """Return index and interval of a model without a rank, where it has them."""
    if math.isnan(row.index):
        return "-", "-"
    return f"{row.index:.1f}", f"{row.low:.1f} to {row.high:.1f}"


def show_ranking(ranking: Ranking) -> None:
    """Print a ranked suite with its tasks, then the models without a rank."""
    tasks = ranking.suite.tasks
    rows = [
        [
            rank_text(place.best_rank, place.worst_rank),
            place.entry.submission.id,
            f"{place.index:.1f}",
            f"{place.low:.1f} to {place.high:.1f}",
            str(place.tie_group),
            *(cell_text(place.cells[task]) for task in tasks),
        ]
        for place in ranking.places
    ]
    rows += [
        [
            "-",
            row.entry.submission.id,
            *_index_text(row),
            "-",
            *(cell_text(row.cells[t]) for t in tasks),
        ]
        for row in ranking.unranked
    ]
    show_table(("rank", "model", "index", "95 % interval", "tie", *tasks), rows, right=2, keys=2)
