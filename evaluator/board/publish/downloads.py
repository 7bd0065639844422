"""Everything that the site offers for download, as (path, bytes), one file at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evaluator.board.publish.audit import audit_data
from evaluator.board.publish.feed import badges
from evaluator.board.publish.frames import as_csv, as_parquet, ranking_frame
from evaluator.board.publish.history import history_data
from evaluator.board.publish.model import model_data
from evaluator.board.publish.rows import ranking_data
from evaluator.board.publish.scores import scores_frame
from evaluator.board.publish.site import Site
from evaluator.board.publish.table import scores_data, table_data
from evaluator.board.publish.vectors import item_names, models_data, questions, vectors
from evaluator.core.files import Json, canonical_bytes, pretty_bytes, sha256

if TYPE_CHECKING:
    from pandas import DataFrame


def download_files(site: Site) -> Iterator[tuple[str, bytes]]:
    """Yield every file for download below the root of the site; the list of hashes comes last."""
    sums = []
    for path, data in _files(site):
        sums.append(f"{sha256(data)}  {path}\n")
        yield path, data
    yield "SHA256SUMS", "".join(sorted(sums, key=lambda line: line[66:])).encode()


def _files(site: Site) -> Iterator[tuple[str, bytes]]:
    for name, ranking in site.rankings.items():
        rows = site.rows[name]
        areas = list(ranking.suite.areas)
        yield f"data/{name}.json", pretty_bytes(ranking_data(ranking, rows))
        yield from _tables(f"data/{name}", ranking_frame(ranking.suite, rows))
        yield f"data/{name}.table.json", _compact(table_data(rows, areas))
        yield f"data/{name}.scores.json", _compact(scores_data(rows, list(ranking.suite.tasks)))
    for entry in site.tree.entries:
        data = model_data(site, entry)
        yield f"models/{data['slug']}.json", pretty_bytes(data)
        yield f"data/items/{data['slug']}.json", _compact(vectors(site, entry))
    yield from _tables("data/scores", scores_frame(site))
    yield "data/history.json", pretty_bytes(history_data(site))
    yield "data/audit.json", pretty_bytes(audit_data(site))
    for name, svg in badges(site):
        yield f"badges/{name}.svg", svg.encode()
    yield "data/models.json", _compact(models_data(site))
    yield "data/questions.json", _compact(questions(site))
    for name, ids in item_names(site):
        yield f"data/items/ids-{name}.json", _compact(ids)


def _tables(path: str, frame: DataFrame) -> Iterator[tuple[str, bytes]]:
    yield f"{path}.csv", as_csv(frame)
    yield f"{path}.parquet", as_parquet(frame)


def _compact(value: Json) -> bytes:
    return canonical_bytes(value) + b"\n"
