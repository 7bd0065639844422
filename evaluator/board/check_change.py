"""Check a pull request: which files it changes, and whether a contribution may change them.

The tree of the pull request is read as data: from `git diff` and `git ls-tree`, never by running
it. A change of anything outside submissions/ is no submission and is left to review and tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from evaluator.board.history import knows, run_git
from evaluator.board.submissions import SPECIAL, read_submission
from evaluator.core.errors import DocumentError, EvaluatorError, Fault
from evaluator.core.trees import UPSTREAM

FILES = ("submission.yaml", "card.md")
"""What a contributor writes."""
MAX_WEIGHTS = 2_000_000
"""Largest weights file in git, bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """One file of a change."""

    status: str
    """A added, M modified, D deleted, T another kind of file."""
    path: str
    """Relative to the repository."""


def changed_files(repository: Path, base: str, head: str) -> list[ChangedFile]:
    """Return the files that differ between the merge base of two commits and `head`."""
    out = run_git(
        repository, "diff", "--no-renames", "--name-status", "-z", f"{base}...{head}"
    ).decode("utf-8", errors="surrogateescape")
    fields = out.split("\0")[:-1]
    pairs = zip(fields[::2], fields[1::2], strict=True)
    return [ChangedFile(status=status[0], path=path) for status, path in pairs]


def check_change(
    repository: Path, base: str, head: str, folder: str = UPSTREAM
) -> tuple[list[str], list[Fault]]:
    """Return (submissions touched, faults) of a change; paths in faults are below `folder`.

    A contribution touches one folder `<org>/<model>/` and in it only submission.yaml and card.md,
    or small weights. Results, locks and attempts are written by the board's own workflow alone.
    Board, decisions and attestations are for code owners and never come with a submission.

    Raises:
        EvaluatorError: a commit that this clone does not have.
    """
    for commit in (base, head):
        if not knows(repository, commit):
            raise EvaluatorError(f"no commit {commit!r} in this clone; `git fetch` may bring it")
    within = f"{folder}/"
    everything = changed_files(repository, base, head)
    changes = [c for c in everything if c.path.startswith(within)]
    trees = _tree(repository, head, folder)
    touched: set[str] = set()
    others: list[str] = []
    faults = []
    for change in changes:
        path = change.path.removeprefix(within)
        shown = path.encode("utf-8", errors="replace").decode()
        found = re.fullmatch(r"([^/\n]+)/([^/\n]+)/(.+)", path, re.DOTALL)
        if found is None or found[1] in SPECIAL:
            others.append(shown)
            continue
        touched.add(f"{found[1]}/{found[2]}")
        reason = _refusal(found[3], *trees.get(change.path, ("", 0)))
        if reason:
            faults.append(Fault(shown, 0, "", reason))
    if len(touched) > 1:
        message = f"{', '.join(sorted(touched))} change together: one submission a pull request"
        faults.append(Fault("", 0, "", message))
    if touched and others:
        message = f"{', '.join(others)} changes with a submission: two pull requests, please"
        faults.append(Fault("", 0, "", message))
    outside = [c.path for c in everything if not c.path.startswith(within)]
    if touched and outside:
        shown = ", ".join(path.encode("utf-8", errors="replace").decode() for path in outside[:5])
        message = f"{shown} outside {within} changes with a submission: two pull requests"
        faults.append(Fault("", 0, "", message))
    return sorted(touched), faults


def _refusal(name: str, mode: str, size: int) -> str:
    """Return why a file of a submission may not come with a contribution; '' if it may."""
    weights = re.fullmatch(r"(weights|adapter)/[^/\n]+", name) is not None
    if name not in FILES and not weights:
        return (
            "may not be changed by a contribution: add only submission.yaml and card.md; results, "
            "locks and attempts are written by the board's workflow"
        )
    if mode and mode != "100644":
        return f"has mode {mode}: commit a plain file, no link and nothing executable"
    if weights and size > MAX_WEIGHTS:
        return (
            f"{size} bytes of weights; more than {MAX_WEIGHTS} belong on the hub (repo, revision)"
        )
    return ""


def check_model_unchanged(base_root: Path, head_root: Path, name: str) -> list[Fault]:
    """Refuse a change of `model` in a submission that has results.

    Args:
        base_root: submissions/ at the base commit.
        head_root: submissions/ of the pull request.
        name: the submission.
    """
    if not any((base_root / name).glob("results/*/*/*.json")):
        return []
    try:
        before, _ = read_submission(base_root, name)
        after, _ = read_submission(head_root, name)
    except DocumentError:
        return []  # told elsewhere
    parts = ("kind", "repo", "revision", "folder", "policy", "dtype", "chat_template", "tasks",
             "provider", "name", "answers", "adapter", "engine")  # fmt: skip
    if all(getattr(before, part) == getattr(after, part) for part in parts):
        return []
    message = (
        "the model of a submission with results cannot change: submit the new revision as a new "
        f"folder with `supersedes: {name}`"
    )
    return [Fault(f"{name}/submission.yaml", 0, "/model", message)]


def _tree(repository: Path, head: str, folder: str) -> dict[str, tuple[str, int]]:
    """Return path -> (mode, bytes) of every file below a folder at a commit."""
    out = run_git(repository, "ls-tree", "-r", "-l", "-z", head, "--", folder)
    entries = out.decode("utf-8", errors="surrogateescape").split("\0")[:-1]
    found = {}
    for facts, path in (entry.split("\t", 1) for entry in entries):
        mode, _, _, size = facts.split()
        found[path] = mode, int(size) if size.isdigit() else 0
    return found
