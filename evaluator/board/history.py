"""Who changed which number: read from git in one pass."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from evaluator.core.errors import EvaluatorError


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file in one commit."""

    path: str
    """Relative to the root of the repository."""
    status: str
    """A added, M modified, D deleted."""
    commit: str
    """40 hex digits."""
    author: str
    """Name of the author."""
    date: str
    """Day of the commit in UTC, YYYY-MM-DD."""
    subject: str
    """First line of the message."""


def run_git(repository: Path, *words: str) -> bytes:
    """Run git and return what it printed.

    Raises:
        EvaluatorError: git failed; says what it said.
    """
    done = subprocess.run(["git", "-C", str(repository), *words], capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().split("\n")[0]
        raise EvaluatorError(f"git {words[0]} in {repository}: {said}")
    return done.stdout


def in_git(folder: Path) -> bool:
    """Tell whether `folder` is inside a git repository with at least one commit."""
    words = ["git", "-C", str(folder), "rev-parse", "--verify", "-q", "HEAD"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def read_history(repository: Path, below: str = "submissions") -> list[Change]:
    """Return every change of a file below a folder, oldest first, from one `git log`."""
    mark = "\x1e"
    form = f"{mark}%H%x1f%an%x1f%cd%x1f%s"
    out = run_git(
        repository, "log", "--reverse", "--no-renames", "-m", "--first-parent", "--name-status",
        "--date=format-local:%Y-%m-%d", f"--format={form}", "-z", "--", below,
    ).decode("utf-8", errors="replace")  # fmt: skip
    changes = []
    for block in out.split(mark)[1:]:
        head, *rest = block.split("\0")
        commit, author, date, subject = head.split("\x1f", 3)
        fields = [field.strip("\n") for field in rest if field.strip("\n")]
        for status, path in zip(fields[::2], fields[1::2], strict=True):
            changes.append(
                Change(
                    path=path,
                    status=status[0],
                    commit=commit,
                    author=author,
                    date=date,
                    subject=subject.strip(),
                )
            )
    return changes


def additions(changes: list[Change]) -> dict[str, Change]:
    """Return path -> the change that first added it."""
    first: dict[str, Change] = {}
    for change in changes:
        if change.status == "A":
            first.setdefault(change.path, change)
    return first
