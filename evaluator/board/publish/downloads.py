"""Everything that the site offers for download, one file at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from evaluator.board.profile import offered
from evaluator.board.publish.audit import audit_data
from evaluator.board.publish.frames import as_csv, as_parquet, ranking_frame
from evaluator.board.publish.history import history_data
from evaluator.board.publish.previews import previews
from evaluator.board.publish.rows import ranking_data
from evaluator.board.publish.scores import scores_frame
from evaluator.board.publish.site import Site
from evaluator.board.publish.table import scores_data, table_data
from evaluator.board.publish.vectors import item_names, models_data, questions_data
from evaluator.core.files import Json, sha256

if TYPE_CHECKING:
    from pandas import DataFrame


Beside = dict[str, dict[str, dict[str, float | None]]]
"""Model -> suite -> column beside the scores -> its share."""


def write_sums(to: Path, sums: list[str]) -> None:
    """Write the list of the hashes of all downloads, by path, from their lines."""
    ordered = sorted(sums, key=lambda line: line[66:])
    (to / "SHA256SUMS").write_text("".join(ordered), "utf-8", newline="\n")


def write_files(to: Path, files: Iterable[tuple[str, bytes]]) -> list[str]:
    """Write files for download, one at a time; return their lines of SHA256SUMS."""
    return [write_file(to, path, data) for path, data in files]


def write_file(to: Path, path: str, data: bytes) -> str:
    """Write a file for download; return its line of SHA256SUMS."""
    target = to / path
    try:
        target.write_bytes(data)
    except FileNotFoundError:  # the first of its folder
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return f"{sha256(data)}  {path}\n"


def files_of_models(
    site: Site, questions: dict[str, Json], beside: Beside
) -> Iterator[tuple[str, bytes]]:
    """Yield (path, bytes) of every file that needs to know what stands in all models' results.

    Args:
        site: everything.
        questions: id -> question that results of models answer.
        beside: what stands beside the scores of models.
    """
    yield "data/questions.json", compact(questions_data(questions))
    for name, ranking in site.rankings.items():
        rows = site.rows[name]
        columns = {
            kind: [beside.get(row["model"], {}).get(name, {}).get(kind) for row in rows]
            for kind in offered(ranking.suite.measured)
        }
        areas = list(ranking.suite.areas)
        yield f"data/{name}.json", compact(ranking_data(ranking, rows))
        yield from _tables(f"data/{name}", ranking_frame(ranking.suite, rows, columns))
        yield f"data/{name}.table.json", compact(table_data(rows, areas, columns))
        yield f"data/{name}.scores.json", compact(scores_data(rows, list(ranking.suite.tasks)))


def board_files(site: Site) -> Iterator[tuple[str, bytes]]:
    """Yield (path, bytes) of every file that follows from the tree as it is held in memory."""
    yield from _tables("data/scores", scores_frame(site))
    yield "data/history.json", compact(history_data(site))
    yield "data/audit.json", compact(audit_data(site))
    yield from previews(site)
    yield "data/models.json", compact(models_data(site))
    for name, ids in item_names(site):
        yield f"data/items/ids-{name}.json", compact(ids)


def _tables(path: str, frame: DataFrame) -> Iterator[tuple[str, bytes]]:
    yield f"{path}.csv", as_csv(frame)
    yield f"{path}.parquet", as_parquet(frame)


def compact(value: Json) -> bytes:
    """Return a value as JSON without spaces, keys in order: a board of thousands has a gigabyte."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
