"""Everything that the site is derived from, read once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evaluator.board.history import Change, additions, in_git, read_history
from evaluator.board.publish.rows import row_data, rows_of
from evaluator.board.ranking import Cell, Ranking, find_cell, rank
from evaluator.board.submissions import Tree, read_tree
from evaluator.core.files import Json
from evaluator.tasks import task_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything that the site is derived from."""

    root: Path
    """The folder submissions/."""
    tree: Tree
    """Board, submissions, results, decisions."""
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
    added: dict[str, Change]
    """Path below submissions/ -> the commit that added it; empty outside git."""


def read_site(submissions: Path) -> Site:
    """Read the tree of submissions and, inside git, its history.

    Raises:
        DocumentError: the faults of all files at once.
    """
    tree = read_tree(submissions)
    repository = submissions.resolve().parent
    changes = read_history(repository, submissions.name) if in_git(repository) else []
    rankings = {name: rank(tree, suite) for name, suite in tree.board.suites.items()}
    return gather(submissions, tree, rankings, changes)


def gather(root: Path, tree: Tree, rankings: dict[str, Ranking], changes: list[Change]) -> Site:
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
    for entry in tree.entries:
        found = cells[entry.submission.id]
        for task in sorted({standing.result["task"]["name"] for standing in entry.results}):
            if task not in found and task in task_names():
                found[task] = find_cell(tree, entry, task)
    prefix = f"{root.name}/"
    return Site(
        root=root,
        tree=tree,
        rankings=rankings,
        rows=rows,
        places=places,
        cells=cells,
        changes=tuple(changes),
        added={path.removeprefix(prefix): c for path, c in additions(changes).items()},
    )
