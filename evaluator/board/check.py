"""Check: is what stands in the tree what it must be? All faults at once, everything read as data.

This file looks at the tree; `check_result` looks into one result; `check_change` looks at what a
pull request changes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from evaluator.board.card import check_card
from evaluator.board.check_result import check_result
from evaluator.board.submissions import (
    SPECIAL,
    Board,
    read_board,
    read_decision,
    read_entry,
)
from evaluator.core.errors import DocumentError, Fault
from evaluator.core.files import sha256
from evaluator.tasks import locked_request_set, task_names

NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?")
RESERVED = {"con", "prn", "aux", "nul", *(f"{d}{i}" for d in ("com", "lpt") for i in range(1, 10))}


def check_tree(root: Path, names: Iterable[str] | None = None) -> list[Fault]:
    """Return all faults below `root` (submissions/), or of the named submissions alone."""
    faults: list[Fault] = []
    board = None
    try:
        board = read_board(root)
        faults += _check_suites(board)
    except DocumentError as error:
        faults += error.faults
    chosen = list(names) if names is not None else _entry_folders(root)
    for name in chosen:
        faults += check_entry(root, name, board)
    if names is None:
        for path in sorted((root / "decisions").glob("*")):
            faults += _check_decision(root, path)
        faults += _collisions(chosen)
    return sorted(set(faults))


def check_entry(root: Path, name: str, board: Board | None) -> list[Fault]:
    """Return all faults of one submission's folder."""
    faults = _check_name(name)
    home = root / name
    known = {"submission.yaml", "card.md", "lock.json", "results", "attempts", "weights"}
    for path in sorted(home.rglob("*")):
        below = path.relative_to(root).as_posix()
        if path.is_symlink():
            faults.append(Fault(below, 0, "", "a symbolic link: commit the file itself"))
        elif path.parent == home and path.name not in known:
            faults.append(
                Fault(below, 0, "", f"not expected here; known: {', '.join(sorted(known))}")
            )
    card = home / "card.md"
    if card.is_file():
        faults += check_card(card.read_bytes(), f"{name}/card.md")
    else:
        faults.append(Fault(f"{name}/card.md", 0, "", "is missing: copy .github/card.md"))
    try:
        entry = read_entry(root, name)
    except DocumentError as error:
        return faults + error.faults
    if board:
        for suite in entry.submission.suites:
            if suite not in board.suites:
                message = f"no suite {suite!r}; known: {', '.join(board.suites)}"
                faults.append(Fault(f"{name}/submission.yaml", 0, "/suites", message))
    for task in entry.declines:
        if task not in task_names():
            message = f"no task {task!r}"
            faults.append(Fault(f"{name}/submission.yaml", 0, "/declines", message))
    for standing in entry.results:
        faults += check_result(root, standing.path, standing.result)
    return faults


def _check_name(name: str) -> list[Fault]:
    faults = []
    for part in name.split("/"):
        if not NAME.fullmatch(part) or part.split(".")[0] in RESERVED:
            message = (
                f"{part!r} cannot name a folder: use a-z, 0-9, '-' and '.', begin and end with a "
                "letter or digit, at most 64 characters"
            )
            faults.append(Fault(name, 0, "", message))
    return faults


def _collisions(names: list[str]) -> list[Fault]:
    """Names that some file systems cannot keep apart."""
    seen: dict[str, str] = {}
    faults = []
    for name in names:
        folded = unicodedata.normalize("NFKC", name).casefold()
        if folded in seen:
            faults.append(Fault(name, 0, "", f"cannot be told from {seen[folded]} everywhere"))
        seen[folded] = name
    return faults


def _check_suites(board: Board) -> list[Fault]:
    faults = []
    for name, suite in board.suites.items():
        for area, entries in suite.areas.items():
            for number, entry in enumerate(entries):
                at = f"/suites/{name}/areas/{area}/{number}/task"
                if entry.task not in task_names():
                    message = f"no task {entry.task!r}; known: {', '.join(task_names())}"
                    faults.append(Fault("board.yaml", 0, at, message))
                elif locked_request_set(entry.task) is None:
                    message = f"{entry.task} is not in tasks/lock.json: run `evaluator tasks lock`"
                    faults.append(Fault("board.yaml", 0, at, message))
        twice = sorted({task for task in suite.tasks if suite.tasks.count(task) > 1})
        for task in twice:
            message = f"{task} stands twice in the suite {name}: one area only"
            faults.append(Fault("board.yaml", 0, f"/suites/{name}/areas", message))
    return faults


def _check_decision(root: Path, path: Path) -> list[Fault]:
    below = path.relative_to(root).as_posix()
    if path.name == "README.md":
        return []
    data = path.read_bytes()
    wanted = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})-([0-9a-f]{8})\.yaml")
    found = wanted.fullmatch(path.name)
    try:
        decision = read_decision(root, path)
    except DocumentError as error:
        return error.faults
    name = f"{decision['date']}-{sha256(data)[:8]}.yaml"
    if not found or path.name != name:
        return [Fault(below, 0, "", f"must be named {name} after its date and its own hash")]
    if not (root / decision["submission"] / "submission.yaml").exists():
        return [Fault(below, 0, "/submission", f"no submission {decision['submission']}")]
    return []


def _entry_folders(root: Path) -> list[str]:
    """Return every <org>/<model> folder, also those that lack a submission.yaml."""
    return sorted(
        f"{path.parent.name}/{path.name}"
        for path in root.glob("*/*")
        if path.is_dir() and path.parent.name not in SPECIAL and not path.name.startswith(".")
    )
