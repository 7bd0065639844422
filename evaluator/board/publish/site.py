"""Everything that the site is derived from, read once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evaluator.board.history import Change, additions, in_git, read_history
from evaluator.board.ranking import Ranking, rank
from evaluator.board.submissions import Tree, read_tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything that the site is derived from."""

    tree: Tree
    """Board, submissions, results, decisions."""
    rankings: dict[str, Ranking]
    """Suite -> ranking."""
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
    return Site(
        tree=tree,
        rankings={name: rank(tree, suite) for name, suite in tree.board.suites.items()},
        changes=tuple(changes),
        added={path.removeprefix(prefix): c for path, c in additions(changes).items()},
    )
