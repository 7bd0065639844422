"""Every number of the board as one long table, for CSV and Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING

from evaluator.board.cells import Cell
from evaluator.board.index import baseline_of
from evaluator.board.publish.frames import typed
from evaluator.board.publish.site import Site
from evaluator.board.publish.values import slug
from evaluator.board.tree import Entry
from evaluator.core.files import Json

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = ("model", "task", "state", "metric", "value", "low", "high", "n", "skill", "baseline",
           "method", "trust", "key", "run", "path", "commit", "added")  # fmt: skip
"""Columns of `data/scores.csv` and its Parquet; `data.col.*` of the words explain them."""
AT_ONCE = 10_000
"""Rows that are held as Python's objects."""
NUMBERS = {"value": "Float64", "low": "Float64", "high": "Float64", "skill": "Float64",
           "baseline": "Float64", "n": "Int64"}  # fmt: skip
"""Columns that are no text."""
shown_of = itemgetter("value", "low", "high", "n", "skill")
"""Takes what a row shows out of a number, in the order of COLUMNS."""


def score_rows(site: Site) -> Iterator[tuple[Json, ...]]:
    """Yield one row a model and task: the official number, or the state in its place."""
    for entry in site.tree.entries:
        for task, cell in site.cells[entry.submission.id].items():
            yield _row(site, entry, task, cell)


def _row(site: Site, entry: Entry, task: str, cell: Cell) -> tuple[Json, ...]:
    asked = site.tree.asked(task)
    baseline = baseline_of(asked) if asked else None
    name = entry.submission.id
    shown = shown_of(site.numbers[name][task])
    if cell.standing is None:
        return (name, task, cell.state, "", *shown, baseline, *[""] * 7)
    result, path = cell.standing.result, cell.standing.path
    change = site.added.get(path)
    where = (change.commit, change.date) if change else ("", "")
    how = (result["method"], result["run"]["trust"], result["key"], cell.standing.name)
    return (name, task, cell.state, result["primary"], *shown, baseline, *how, path, *where)


def scores_frame(site: Site) -> DataFrame:
    """Return the long table: one row a model and task, gaps empty.

    It is put together from parts: as Python's objects it would be half a gigabyte.
    """
    import pandas

    rows = score_rows(site)
    parts = [typed(pandas.DataFrame([], columns=COLUMNS), NUMBERS)]
    while part := list(islice(rows, AT_ONCE)):
        parts.append(typed(pandas.DataFrame(part, columns=COLUMNS), NUMBERS))
    return pandas.concat(parts, ignore_index=True)


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
