"""Everything that the site is derived from, read once."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial, wraps
from pathlib import Path
from typing import TypeVar
from weakref import WeakKeyDictionary

from evaluator.board.cells import Cell, cell_of, question_of
from evaluator.board.history import Change, additions, in_git, read_history
from evaluator.board.publish.rows import cell_data, row_data, rows_of
from evaluator.board.ranking import Ranking, for_ranking, rank, rank_season
from evaluator.board.submissions import read_again, read_tree
from evaluator.board.tree import Entry, Tree
from evaluator.core.files import Json, canonical_bytes

T = TypeVar("T")
SHORT = 20
"""Characters of a word that many results have; what is longer is a hash, of one alone."""


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False, kw_only=True)
class Site:
    """Everything that the site is derived from; what `once` derived is remembered beside it."""

    root: Path
    """The folder submissions/."""
    tree: Tree
    """Board, submissions, decisions, and of results what ranking and lists need of them."""
    whole: Callable[[Entry], Entry]
    """Entry of the tree -> the same entry with all that its results hold; those of the tree lack
    their item columns, which are most of a result."""
    rankings: dict[str, Ranking]
    """Suite -> ranking."""
    seasons: dict[str, dict[str, Ranking]]
    """Season that has opened -> suite -> ranking as it asked."""
    rows: dict[str, list[Json]]
    """Suite -> its rows as plain values: the ranked in order, then the others."""
    places: dict[str, dict[str, Json]]
    """Model -> suite -> its row."""
    cells: dict[str, dict[str, Cell]]
    """Model -> task -> cell, for every task that it was asked or has a result of."""
    numbers: dict[str, dict[str, Json]]
    """The same cells as plain values."""
    changes: tuple[Change, ...]
    """Every change below submissions/, oldest first; empty outside git."""
    newer: dict[str, str]
    """Model -> the one that supersedes it."""
    added: dict[str, Change]
    """Path below submissions/ -> the commit that added it; empty outside git."""


def once(derive: Callable[[Site], T]) -> Callable[[Site], T]:
    """Derive a value that says nothing in any language once for all languages; it is only read."""
    known: WeakKeyDictionary[Site, T] = WeakKeyDictionary()

    @wraps(derive)
    def derived(site: Site) -> T:
        if site not in known:
            known[site] = derive(site)
        return known[site]

    return derived


def read_site(submissions: Path) -> Site:
    """Read the tree of submissions and, inside git, its history.

    Raises:
        DocumentError: the faults of all files at once.
    """
    met: dict[bytes, Json] = {}
    tree = read_tree(submissions, partial(for_lists, met))
    repository = submissions.resolve().parent
    changes = read_history(repository, submissions.name) if in_git(repository) else []
    rankings = {name: rank(tree, suite) for name, suite in tree.board.suites.items()}
    seasons = {s.name: rank_season(tree, s) for s in tree.seasons if s.opened}
    for entry in tree.entries:
        for standing in entry.results:
            del standing.result["columns"]  # only ranking reads those of all models at once
    give_back()
    whole = partial(_read_again, submissions)
    return gather(submissions, tree, rankings, changes, whole, seasons)


def give_back() -> None:
    """Let the C library hand freed memory back; GNU's keeps a gigabyte of what was read."""
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def for_lists(met: dict[bytes, Json], result: Json) -> Json:
    """Return what ranking and everything but the page of its model read of a result.

    What many results have in common is held once: `met` keeps it, by its bytes.
    """
    kept = for_ranking(result)
    kept["request_set"] |= {n: result["request_set"][n] for n in ("items_sha256", "requests")}
    kept["run"]["tokens"] = result["run"]["tokens"]
    kept["model"] |= {n: result["model"][n] for n in ("engine",) if n in result["model"]}
    kept = {name: interned(part) for name, part in kept.items()}
    for part in ("task", "request_set", "model", "classes"):  # last: `interned` copies
        kept[part] = met.setdefault(canonical_bytes(kept[part]), kept[part])
    return kept


def interned(value: Json) -> Json:
    """Return an equal value whose keys and short words are held once, however often read."""
    if isinstance(value, str):
        return sys.intern(value) if len(value) < SHORT else value
    if isinstance(value, dict):
        return {sys.intern(key): interned(part) for key, part in value.items()}
    return value


def _read_again(root: Path, entry: Entry) -> Entry:
    """Read an entry in full: one at a time fits into memory, all of them need not."""
    return replace(entry, results=tuple(read_again(root, s) for s in entry.results))


def gather(
    root: Path,
    tree: Tree,
    rankings: dict[str, Ranking],
    changes: list[Change],
    whole: Callable[[Entry], Entry],
    seasons: dict[str, dict[str, Ranking]] | None = None,
) -> Site:
    """Return the site of the tree at `root`, read and ranked."""
    rows: dict[str, list[Json]] = {}
    places: dict[str, dict[str, Json]] = {entry.submission.id: {} for entry in tree.entries}
    cells: dict[str, dict[str, Cell]] = {entry.submission.id: {} for entry in tree.entries}
    numbers: dict[str, dict[str, Json]] = {entry.submission.id: {} for entry in tree.entries}
    for name, ranking in rankings.items():
        ranked = rows_of(ranking)
        rows[name] = [row_data(row) for row in ranked]
        for row, values in zip(ranked, rows[name], strict=True):
            places[values["model"]][name] = values
            cells[values["model"]].update(row.cells)
            numbers[values["model"]].update(values["tasks"])
    questions = {task: question_of(tree, task) for task in tree.tasks}
    for entry in tree.entries:
        found = cells[entry.submission.id]
        for task in sorted(entry.by_task.keys() - found.keys()):
            if task in questions:
                found[task] = cell_of(tree, entry, questions[task])
                numbers[entry.submission.id][task] = cell_data(found[task])
    prefix = f"{root.name}/"
    return Site(
        root=root,
        tree=tree,
        whole=whole,
        rankings=rankings,
        seasons=seasons or {},
        rows=rows,
        places=places,
        cells=cells,
        numbers=numbers,
        changes=tuple(changes),
        newer={e.submission.supersedes: e.submission.id for e in reversed(tree.entries)},
        added={path.removeprefix(prefix): c for path, c in additions(changes).items()},
    )
