"""Fetch: a model's files and its tasks' data, verified and laid where the measuring job looks.

This job has a network and a read-only token of the hub, and loads nothing. It writes the model's
lock, which from then on says what the model is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evaluator.board.eligibility import why_too_large
from evaluator.board.submissions import read_board, read_submission
from evaluator.core.errors import ModelError
from evaluator.core.files import write_atomic
from evaluator.measure.data import find_bytes
from evaluator.measure.manifest import listed_bytes, lock_bytes, lock_model
from evaluator.tasks import load_task


def fetch_model(root: Path, name: str, tasks: Sequence[str], to: Path) -> int:
    """Fetch what a measurement needs and write `to`/lock.json; return the bytes of the model.

    Raises:
        ModelError: the model is too large for this board, is not there, or differs from its lock.
        DataError: a pinned file is nowhere to be had.
    """
    submission, _ = read_submission(root, name)
    rules = read_board(root).eligibility
    if submission.repo and (reason := why_too_large(rules, listed_bytes(submission))):
        raise ModelError(f"{name}: {reason}")
    _, manifest = lock_model(submission, root / name, write=False)
    total = sum(int(file["bytes"]) for file in manifest.values())
    if reason := why_too_large(rules, total):
        raise ModelError(f"{name}: {reason}")
    for task in tasks:
        for pin in load_task(task).pins:
            find_bytes(pin)
    write_atomic(to / "lock.json", lock_bytes(manifest))
    return total
