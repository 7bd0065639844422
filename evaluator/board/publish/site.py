"""Everything that the site is derived from, read once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from evaluator.board.history import Change, additions, in_git, read_history
from evaluator.board.publish.rows import row_data, rows_of
from evaluator.board.ranking import Cell, Ranking, find_cell, for_ranking, rank
from evaluator.board.submissions import Entry, Tree, read_tree
from evaluator.board.suites import Asked
from evaluator.core.files import Json, parse_json, read_plain
from evaluator.tasks import task_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything that the site is derived from."""

    root: Path
    """The folder submissions/."""
    tree: Tree
    """Board, submissions, decisions, and of results what ranking and lists need of them."""
    whole: Callable[[Entry], Entry]
    """Entry of the tree -> the same entry with all that its results hold."""
    rankings: dict[str, Ranking]
    """Suite -> ranking."""
    rows: dict[str, list[Json]]
    """Suite -> its rows as plain values: the ranked in order, then the others."""
    places: dict[str, dict[str, Json]]
    """Model -> suite -> its row."""
    cells: dict[str, dict[str, Cell]]
    """Model -> task -> cell, for every task that it was asked or has a result of."""
    changes: tuple[Change, ...]
    """Every change below submissions/, oldest first; empty outside git."""
    asked: dict[str, Asked | None]
    """Task -> what is asked of it, as `tree.asked`, looked up once."""
    newer: dict[str, str]
    """Model -> the one that supersedes it."""
    added: dict[str, Change]
    """Path below submissions/ -> the commit that added it; empty outside git."""


def read_site(submissions: Path) -> Site:
    """Read the tree of submissions and, inside git, its history.

    Raises:
        DocumentError: the faults of all files at once.
    """
    tree = read_tree(submissions, for_lists)
    repository = submissions.resolve().parent
    changes = read_history(repository, submissions.name) if in_git(repository) else []
    rankings = {name: rank(tree, suite) for name, suite in tree.board.suites.items()}
    whole = partial(_read_again, submissions)
    return gather(submissions, tree, rankings, changes, whole)


def for_lists(result: Json) -> Json:
    """Return what everything but the page of its model reads of a result."""
    kept = for_ranking(result)
    kept["request_set"] |= {n: result["request_set"][n] for n in ("items_sha256", "requests")}
    kept["run"]["tokens"] = result["run"]["tokens"]
    kept["model"] |= {n: result["model"][n] for n in ("engine",) if n in result["model"]}
    return kept


def _read_again(root: Path, entry: Entry) -> Entry:
    """Read an entry in full: one at a time fits into memory, all of them need not.

    Its files were held to their schema a moment ago.
    """
    return replace(
        entry,
        results=tuple(
            replace(standing, result=parse_json(read_plain(root / standing.path)))
            for standing in entry.results
        ),
    )


def gather(
    root: Path,
    tree: Tree,
    rankings: dict[str, Ranking],
    changes: list[Change],
    whole: Callable[[Entry], Entry],
) -> Site:
    """Return the site of the tree at `root`, read and ranked."""
    rows: dict[str, list[Json]] = {}
    places: dict[str, dict[str, Json]] = {entry.submission.id: {} for entry in tree.entries}
    cells: dict[str, dict[str, Cell]] = {entry.submission.id: {} for entry in tree.entries}
    for name, ranking in rankings.items():
        ranked = rows_of(ranking)
        rows[name] = [row_data(row) for row in ranked]
        for row, values in zip(ranked, rows[name], strict=True):
            places[values["model"]][name] = values
            cells[values["model"]].update(row.cells)
    known = task_names()
    for entry in tree.entries:
        found = cells[entry.submission.id]
        for task in sorted(entry.by_task.keys() - found.keys()):
            if task in known:
                found[task] = find_cell(tree, entry, task)
    prefix = f"{root.name}/"
    return Site(
        root=root,
        tree=tree,
        whole=whole,
        rankings=rankings,
        rows=rows,
        places=places,
        cells=cells,
        changes=tuple(changes),
        asked={task: tree.asked(task) for task in known},
        newer={e.submission.supersedes: e.submission.id for e in reversed(tree.entries)},
        added={path.removeprefix(prefix): c for path, c in additions(changes).items()},
    )
