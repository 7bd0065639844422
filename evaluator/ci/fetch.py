"""Fetch: a model's files and its tasks' data, verified and laid where the measuring job looks.

This job has a network and a read-only token of the hub, and loads nothing. It writes the model's
lock, which from then on says what the model is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evaluator.board.submissions import read_board, read_submission
from evaluator.core.files import write_atomic
from evaluator.measure.data import find_bytes
from evaluator.measure.manifest import adapter_folder, lock_bytes, lock_model
from evaluator.measure.quantisation import must_be_listed
from evaluator.measure.size import held_size, listed_size, must_fit
from evaluator.tasks import load_task


def fetch_model(root: Path, name: str, tasks: Sequence[str], to: Path) -> int:
    """Fetch what a measurement needs and write `to`/lock.json; return the bytes of the model.

    Raises:
        ModelError: the model is too large for this board or quantised as it does not list, is not
            there, or differs from its lock.
        DataError: a pinned file is nowhere to be had.
    """
    submission, _ = read_submission(root, name)
    rules = read_board(root).eligibility
    room = rules.model_bytes
    must_fit(submission, listed_size(submission), room)
    folder, manifest = lock_model(submission, root / name, write=False)
    must_fit(
        submission, held_size(submission, folder, adapter_folder(submission, root / name)), room
    )
    must_be_listed(name, folder, rules.quantisations)
    for task in tasks:
        for pin in load_task(task).pins:
            find_bytes(pin)
    write_atomic(to / "lock.json", lock_bytes(manifest))
    return sum(int(file["bytes"]) for file in manifest.values())
