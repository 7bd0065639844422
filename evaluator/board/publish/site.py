"""Everything that the site is derived from, read once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evaluator.board.history import Change, additions, in_git, read_history
from evaluator.board.publish.rows import row_data, rows_of
from evaluator.board.ranking import Ranking, rank
from evaluator.board.submissions import Tree, read_tree
from evaluator.core.files import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything that the site is derived from."""

    tree: Tree
    """Board, submissions, results, decisions."""
    rankings: dict[str, Ranking]
    """Suite -> ranking."""
    rows: dict[str, list[Json]]
    """Suite -> its rows as plain values: the ranked in order, then the others."""
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
    prefix = f"{submissions.name}/"
    rankings = {name: rank(tree, suite) for name, suite in tree.board.suites.items()}
    return Site(
        tree=tree,
        rankings=rankings,
        rows={name: [row_data(row) for row in rows_of(r)] for name, r in rankings.items()},
        changes=tuple(changes),
        added={path.removeprefix(prefix): c for path, c in additions(changes).items()},
    )
