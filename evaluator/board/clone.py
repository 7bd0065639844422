"""Clone: the repository that a tree of submissions stands in, as far as an audit needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluator.board.audit_history import is_lasting, lock_paths
from evaluator.board.history import (
    Change,
    Commit,
    in_git,
    printable,
    read_commits,
    run_git,
)
from evaluator.board.tree import Standing
from evaluator.core.errors import EvaluatorError, Fault
from evaluator.core.files import git_blob_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """The repository that a tree of submissions stands in."""

    top: Path
    """Its root."""
    prefix: str
    """Folder of submissions below it, with a final slash."""
    head: str
    """Commit that is checked out."""
    commits: tuple[Commit, ...]
    """All that it descends from, parents first."""
    shallow: bool
    """True if older commits are not here."""


def read_clone(root: Path) -> Clone:
    """Return the repository around `root` with its history.

    Raises:
        EvaluatorError: there is none, or it has no commit.
    """
    if not in_git(root):
        raise EvaluatorError(
            f"{root}: not in a git repository with a commit. The history is the proof: clone the "
            "board's repository and audit that."
        )
    top, prefix, shallow = (
        run_git(root, "rev-parse", word).decode().rstrip("\n")
        for word in ("--show-toplevel", "--show-prefix", "--is-shallow-repository")
    )
    commits = read_commits(Path(top), prefix, *lock_paths(prefix))
    return Clone(
        top=Path(top),
        prefix=prefix,
        head=commits[-1].id,
        commits=tuple(commits),
        shallow=shallow == "true",
    )


def added_by(clone: Clone, committed: Mapping[str, str]) -> dict[str, Change]:
    """Return path below submissions/ -> the change that brought the bytes that stand there now."""
    found: dict[str, Change] = {}
    for commit in clone.commits:
        for change in commit.changes:
            path = change.path.removeprefix(clone.prefix)
            if committed.get(path) == change.after:
                found.setdefault(path, change)
    return found


def committed_files(clone: Clone) -> dict[str, str]:
    """Return path below submissions/ -> blob id of every file at HEAD."""
    out = run_git(clone.top, "ls-tree", "-r", "-z", "HEAD", "--", clone.prefix)
    found = {}
    for line in out.decode("utf-8", errors="surrogateescape").split("\0")[:-1]:
        facts, path = line.split("\t", 1)
        found[path.removeprefix(clone.prefix)] = facts.split(" ")[2]
    return found


def compare_with_head(
    root: Path, committed: Mapping[str, str], standings: Sequence[Standing]
) -> tuple[list[Fault], list[Fault]]:
    """Return (faults, notes) about files that differ from what is committed."""
    faults: list[Fault] = []
    notes: list[Fault] = []
    for path, blob in committed.items():
        file = root / path
        if file.is_symlink():
            continue  # told by check_tree
        if not file.is_file():
            found = "committed, but missing in the working tree"
        elif git_blob_id(file.read_bytes()) != blob:
            found = "differs from what is committed"
        else:
            continue
        (faults if is_lasting(path) else notes).append(Fault(printable(path), 0, "", found))
    for path in {standing.path for standing in standings} - committed.keys():
        notes.append(Fault(path, 0, "", "not committed yet"))
    return faults, notes
