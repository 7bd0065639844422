"""Tables for download: a ranked suite as a frame, and any frame as CSV or Parquet.

pandas takes half a second to import, so it is imported where a table is made.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import TYPE_CHECKING

from evaluator.board.publish.values import DANGEROUS_CELL, safe_cell
from evaluator.board.suites import Suite
from evaluator.core.files import Json

if TYPE_CHECKING:
    from pandas import DataFrame, Series

AT_ONCE = 10_000
"""Rows that are written at once."""
FACTS = {"model": "string", "title": "string", "organisation": "string", "licence": "string",
         "parameters": "Int64", "best_rank": "Int64", "worst_rank": "Int64", "tie_group": "string",
         "index": "Float64", "low": "Float64", "high": "Float64"}  # fmt: skip
"""Column -> type of what a ranked suite tells of a model before its areas and tasks."""


def ranking_frame(
    suite: Suite, rows: list[Json], beside: Mapping[str, Sequence[float | None]]
) -> DataFrame:
    """Return a ranked suite, best first: facts, then each area's and each task's number.

    What stands beside the scores comes last: column -> its shares, one a row. A board may call an
    area like one of its tasks, or either like a fact: such a column says which it is.
    """
    import pandas

    facts = {*FACTS, *beside}
    areas = _columns(suite.areas, "area", facts | {*suite.tasks})
    tasks = _columns(suite.tasks, "task", facts)
    lines = [
        [row[fact] for fact in FACTS]
        + [row["areas"].get(area) for area in suite.areas]
        + [row["tasks"][task]["value"] for task in suite.tasks]
        + [column[number] for column in beside.values()]
        for number, row in enumerate(rows)
    ]
    frame = pandas.DataFrame(lines, columns=[*FACTS, *areas, *tasks, *beside])
    return typed(frame, dict.fromkeys(frame.columns, "Float64") | FACTS)


def _columns(names: Iterable[str], kind: str, taken: Set[str]) -> list[str]:
    return [f"{name} ({kind})" if name in taken else name for name in names]


def typed(frame: DataFrame, types: Mapping[str, str]) -> DataFrame:
    """Return a frame whose columns hold text, unless `types` says otherwise; gaps stay gaps."""
    return frame.astype({name: types.get(name, "string") for name in frame.columns})


def as_csv(frame: DataFrame) -> bytes:
    """Return a frame as CSV (RFC 4180); text that a table program might run is quoted with '."""
    texts = [name for name, kind in frame.dtypes.items() if kind == "string"]
    parts: list[bytes] = []
    for start in range(0, max(len(frame), 1), AT_ONCE):
        rows = frame.iloc[start : start + AT_ONCE]
        safe = {str(name): safe_column(rows[name]) for name in texts}
        told = rows.assign(**safe).to_csv(index=False, header=not parts, lineterminator="\r\n")
        parts.append(told.encode())
    return b"".join(parts)


def safe_column(column: Series[str]) -> Series[str]:
    """Return a column of text, quoted where a table program might run it; hardly any needs it."""
    if not column.str.startswith(DANGEROUS_CELL, na=False).any():
        return column
    return column.map(safe_cell, na_action="ignore")


def as_parquet(frame: DataFrame) -> bytes:
    """Return a frame as Parquet; the same rows give the same bytes."""
    file = io.BytesIO()
    frame.to_parquet(file, index=False, compression="zstd")
    return file.getvalue()
