"""Names in a submission: the suites, tasks, servers and the licence that it speaks of must exist.

They are read from the file as it was written, so that an unknown name is told together with
whatever else is wrong with the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from evaluator.board.tree import Board
from evaluator.core.errors import DocumentError, Fault, did_you_mean
from evaluator.core.files import Json, read_plain
from evaluator.core.safe_yaml import read_yaml
from evaluator.tasks import locked_request_set, task_names

TASKS = (("declines", "*", "task"), ("trained_on", "*"), ("model", "tasks", "*"))
"""Where a submission names tasks; `*` is any place of a list."""
LICENCE = re.compile(r"[A-Za-z0-9.+-]{1,64}")


def check_names(root: Path, name: str, board: Board | None) -> list[Fault]:
    """Return the names in a submission that stand for nothing; suites and servers need a board."""
    path = f"{name}/submission.yaml"
    try:
        value = read_yaml(read_plain(root / path, path), path).value
    except DocumentError:  # told where the submission is read
        return []
    told = [_unknown_task(at, task) for steps in TASKS for at, task in _texts(value, steps)]
    told += [_unasked_task(at, task) for at, task in _texts(value, ("model", "tasks", "*"))]
    if not (root / name / "results").exists():  # what was measured stays
        told += [_unknown_licence(at, licence) for at, licence in _texts(value, ("licence",))]
    if board:
        suites, servers = list(board.suites), list(board.providers)
        told += [
            (at, f"no suite {suite!r}{did_you_mean(suite, suites)}; known: {', '.join(suites)}")
            for at, suite in _texts(value, ("suites", "*"))
            if suite not in suites
        ]
        told += [
            (
                at,
                f"no provider {asked!r}{did_you_mean(asked, servers)}; known in board.yaml: "
                f"{', '.join(servers) or 'none'}",
            )
            for at, asked in _texts(value, ("model", "provider"))
            if asked not in servers
        ]
    return [Fault(path, 0, *fault) for fault in told if fault]


def _unknown_task(at: str, task: str) -> tuple[str, str] | None:
    known = task_names()
    return None if task in known else (at, f"no task {task!r}{did_you_mean(task, known)}")


def _unasked_task(at: str, task: str) -> tuple[str, str] | None:
    if task not in task_names() or locked_request_set(task, "head"):
        return None
    return at, f"{task} is not asked of classifiers: its items are no bare texts with labels"


def _unknown_licence(at: str, licence: str) -> tuple[str, str] | None:
    if licence == "other" or not LICENCE.fullmatch(licence):  # what has no form, the schema tells
        return None
    try:
        canonicalize_license_expression(licence)
    except InvalidLicenseExpression:
        return at, f"{licence!r} is no SPDX identifier: look at spdx.org/licenses, or write other"
    return None


def _texts(value: Json, steps: Sequence[str], at: str = "") -> Iterator[tuple[str, str]]:
    """Yield pointer and text of each text that stands at the end of `steps`."""
    if not steps:
        if isinstance(value, str):
            yield at, value
    elif steps[0] == "*" and isinstance(value, list):
        for number, part in enumerate(value):
            yield from _texts(part, steps[1:], f"{at}/{number}")
    elif isinstance(value, dict) and steps[0] in value:
        yield from _texts(value[steps[0]], steps[1:], f"{at}/{steps[0]}")
