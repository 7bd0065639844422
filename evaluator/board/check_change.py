"""Check a pull request: which files it changes, and whether a contribution may change them.

The tree of the pull request is read as data: from `git diff` and `git ls-tree`, never by running
it. A change of anything outside submissions/ is no submission and is left to review and tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from evaluator.board.history import run_git
from evaluator.board.submissions import read_submission
from evaluator.core.errors import DocumentError, Fault

FILES = ("submission.yaml", "card.md")
"""What a contributor writes."""
FOLDER = "submissions"


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


def check_change(repository: Path, base: str, head: str) -> tuple[list[str], list[Fault]]:
    """Return (submissions touched, faults) of a change.

    A contribution touches one folder `submissions/<org>/<model>/` and in it only its two files;
    results, locks and attempts are written by the board's own workflow.
    """
    touched: set[str] = set()
    faults = []
    changes = [c for c in changed_files(repository, base, head) if c.path.startswith(FOLDER + "/")]
    modes = _modes(repository, head)
    for change in changes:
        shown = change.path.encode("utf-8", errors="replace").decode()
        found = re.fullmatch(rf"{FOLDER}/([^/\n]+)/([^/\n]+)/([^/\n]+)", change.path)
        if found is None or found[3] not in FILES:
            message = (
                "may not be changed by a contribution: add only submission.yaml and card.md in one "
                "folder submissions/<org>/<model>/; results are written by the board's workflow"
            )
            faults.append(Fault(shown, 0, "", message))
            continue
        touched.add(f"{found[1]}/{found[2]}")
        mode = modes.get(change.path)
        if mode not in (None, "100644"):
            message = f"has mode {mode}: commit a plain file, no link and nothing executable"
            faults.append(Fault(shown, 0, "", message))
    if len(touched) > 1:
        message = f"touches {', '.join(sorted(touched))}: one submission a pull request"
        faults.append(Fault(FOLDER, 0, "", message))
    return sorted(touched), faults


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
    parts = ("kind", "repo", "revision", "folder", "policy", "dtype", "chat_template")
    if all(getattr(before, part) == getattr(after, part) for part in parts):
        return []
    message = (
        "the model of a submission with results cannot change: submit the new revision as a new "
        f"folder with `supersedes: {name}`"
    )
    return [Fault(f"{name}/submission.yaml", 0, "/model", message)]


def _modes(repository: Path, head: str) -> dict[str, str]:
    out = run_git(repository, "ls-tree", "-r", "-z", head, "--", FOLDER)
    entries = out.decode("utf-8", errors="surrogateescape").split("\0")[:-1]
    return {path: facts.split(" ")[0] for facts, path in (e.split("\t", 1) for e in entries)}
