"""Every number of the board as one long table, for CSV and Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from evaluator.board.publish.rows import ranking_csv
from evaluator.board.publish.site import Site
from evaluator.board.publish.values import rounded, safe_cell, slug
from evaluator.board.ranking import Cell
from evaluator.board.submissions import Entry
from evaluator.core.files import Json

COLUMNS = ("model", "task", "state", "metric", "value", "low", "high", "n", "skill", "baseline",
           "method", "trust", "key", "run", "path", "commit", "added")  # fmt: skip
"""Columns of `data/scores.csv` and its Parquet; `data.col.*` of the words explain them."""
NUMBERS = {"value": "float64", "low": "float64", "high": "float64", "skill": "float64",
           "baseline": "float64", "n": "int64"}  # fmt: skip
"""Columns that are no text."""


def score_rows(site: Site) -> Iterator[tuple[Json, ...]]:
    """Yield one row a model and task: the official number, or the state in its place."""
    for entry in site.tree.entries:
        for task, cell in site.cells[entry.submission.id].items():
            yield _row(site, entry, task, cell)


def _row(site: Site, entry: Entry, task: str, cell: Cell) -> tuple[Json, ...]:
    shown = (
        rounded(cell.value),
        rounded(cell.low),
        rounded(cell.high),
        cell.n,
        rounded(cell.skill),
    )
    asked = site.tree.asked(task)
    baseline = asked.request_sets["prompt"].baseline if asked else None
    name = entry.submission.id
    if cell.standing is None:
        return (name, task, cell.state, "", *shown, baseline, *[""] * 7)
    result, path = cell.standing.result, cell.standing.path
    change = site.added.get(path)
    where = (change.commit, change.date) if change else ("", "")
    how = (result["method"], result["run"]["trust"], result["key"], cell.standing.name)
    return (name, task, cell.state, result["primary"], *shown, baseline, *how, path, *where)


def scores_csv(site: Site) -> bytes:
    """Return the long table as CSV (RFC 4180)."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    writer.writerows([safe_cell(value) for value in row] for row in score_rows(site))
    return file.getvalue().encode()


def scores_parquet(site: Site) -> bytes:
    """Return the long table as Parquet; the same rows give the same bytes."""
    rows = list(score_rows(site))
    columns = {name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)}
    return parquet(columns, NUMBERS)


def ranking_parquet(site: Site, suite: str) -> bytes:
    """Return a ranked suite as Parquet, with the columns of its CSV."""
    text = ranking_csv(site.rankings[suite], site.rows[suite])
    heads, *rows = csv.reader(io.StringIO(text, newline=""))
    numbers = dict.fromkeys(heads[4:], "float64") | {"tie_group": "string"}
    numbers |= dict.fromkeys(("parameters", "best_rank", "worst_rank"), "int64")
    columns: dict[str, list[Json]] = {}
    for place, head in enumerate(heads):
        kind = numbers.get(head, "string")
        columns[head] = [_typed(row[place], kind) for row in rows]
    return parquet(columns, numbers)


def _typed(text: str, kind: str) -> Json:
    if kind == "string":
        return text
    return None if text == "" else int(text) if kind == "int64" else float(text)


def parquet(columns: dict[str, list[Json]], types: dict[str, str]) -> bytes:
    """Return columns as Parquet: text, unless `types` says otherwise; gaps are null."""
    import pyarrow
    from pyarrow import parquet as writer

    fields = [pyarrow.field(n, pyarrow.type_for_alias(types.get(n, "string"))) for n in columns]
    table = pyarrow.table(columns, schema=pyarrow.schema(fields))
    file = io.BytesIO()
    writer.write_table(table, file, compression="zstd")
    return file.getvalue()


def data_page(site: Site) -> Json:
    """Return what the page of downloads lists."""
    first = next(iter(site.tree.entries), None)
    return {
        "suites": [
            {"suite": name, "title": ranking.suite.title, "models": len(ranking.places)}
            for name, ranking in site.rankings.items()
        ],
        "columns": COLUMNS,
        "example": slug(first.submission.id) if first else "",
        "results": sum(len(entry.results) for entry in site.tree.entries),
        "models": len(site.tree.entries),
        "commit": site.changes[-1].commit if site.changes else "",
        "day": site.changes[-1].date if site.changes else "",
    }
