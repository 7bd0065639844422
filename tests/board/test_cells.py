"""Why a model has no number on a task, where what was tried did not end in one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from evaluator.board.cells import Cell, failed_attempts, find_cell, question_of
from evaluator.board.submissions import read_tree
from evaluator.tasks import locked_request_set

MODEL, TASK = "starter/small", "starter_choice"
EARLIER = "0" * 64
"""The request set of a version that is asked no more."""


@pytest.fixture()
def unmeasured(tree: Path) -> Path:
    """A tree in which the model has no result on the task."""
    shutil.rmtree(tree / MODEL / "results" / TASK)
    (tree / MODEL / "attempts").mkdir()
    return tree


def try_it(tree: Path, when: str, **more: str) -> None:
    """Write down an attempt that failed on a day of November; its reason is the day."""
    fact = {"schema": 1, "submission": MODEL, "task": TASK, "key": "", "state": "failed",
            "reason": when, "when": f"2026-11-{when}T00:00:00Z"} | more  # fmt: skip
    number = len(list((tree / MODEL / "attempts").iterdir()))
    (tree / MODEL / f"attempts/000000000000-{number}.json").write_text(json.dumps(fact))


def tried(tree: Path) -> tuple[list[str], Cell]:
    """Return the days of the attempts that count, and the cell."""
    read = read_tree(tree)
    entry = next(e for e in read.entries if e.submission.id == MODEL)
    days = [a["reason"] for a in failed_attempts(entry, question_of(read, TASK))]
    return days, find_cell(read, entry, TASK)


def asked(task: str = TASK) -> str:
    locked = locked_request_set(task)
    assert locked is not None
    return locked.sha256


def test_an_attempt_at_an_earlier_version_says_nothing_of_the_present_one(unmeasured: Path) -> None:
    try_it(unmeasured, "20", request_set=EARLIER, state="too-long")
    days, cell = tried(unmeasured)
    assert days == []
    assert (cell.state, cell.reason) == ("pending", "not measured yet")


def test_the_last_attempt_at_what_is_asked_now_is_told(unmeasured: Path) -> None:
    try_it(unmeasured, "21", request_set=asked(), state="timeout")
    try_it(unmeasured, "20", request_set=asked())
    try_it(unmeasured, "22", request_set=EARLIER, state="too-long")
    days, cell = tried(unmeasured)
    assert days == ["20", "21"]
    assert (cell.state, cell.reason) == ("timeout", "21")


def test_attempts_of_no_request_set_or_of_all_tasks_count_those_of_another_task_do_not(
    unmeasured: Path,
) -> None:
    try_it(unmeasured, "03")
    try_it(unmeasured, "02", task="")
    try_it(unmeasured, "01", task="starter_matching", request_set=asked("starter_matching"))
    assert tried(unmeasured)[0] == ["02", "03"]
