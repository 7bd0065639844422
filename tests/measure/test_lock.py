"""The lock tells which tasks moved, from what to what, when it is written and when checked."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evaluator import tasks
from evaluator.cli import app
from evaluator.measure.lock import lock_moves, of_same_version
from evaluator.tasks import lock_path, locked_request_set

CHARGED = b'{"text": "I was charged twice.", "team": "billing"}\n'
DATA = CHARGED + b'{"text": "The app crashes.", "team": "technical"}\n'
TICKETS: dict[str, Any] = {
    "title": "Support tickets",
    "summary": "Which team a ticket belongs to.",
    "kind": "classification",
    "data": "tickets.jsonl",
    "sha256": hashlib.sha256(DATA).hexdigest(),
    "licence": "internal",
    "question": "Ticket: {text}\nTeam:",
    "answer": "team",
    "labels": ["billing", "technical"],
    "metrics": ["accuracy"],
}


def entry(version: int = 1, **sets: dict[str, Any]) -> dict[str, Any]:
    return {"version": version, "board": sets}


@pytest.fixture()
def board(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree with a task of its own, tickets, that commands find."""
    monkeypatch.chdir(tree.parent)
    monkeypatch.delenv("EVALUATOR_SUBMISSIONS", raising=False)
    (tree / "tasks").mkdir()
    (tree / "tasks/tickets.jsonl").write_bytes(DATA)
    path = tree / "board.yaml"
    path.write_text(f"{path.read_text()}\ntasks: {json.dumps({'tickets': TICKETS})}\n")
    return tree


def edit(board: Path, old: str, new: str) -> None:
    text = (board / "board.yaml").read_text()
    assert old in text
    (board / "board.yaml").write_text(text.replace(old, new))


def lock(*words: str) -> tuple[list[list[str]], str]:
    """Run the verb; return the rows it shows, cut into words, and its last line or its error."""
    done = CliRunner().invoke(app, ["tasks", "lock", *words])
    lines = done.output.splitlines()
    last = str(done.exception) if done.exit_code else lines.pop()
    return [line.split() for line in lines[1:]], last


def digits(name: str, method: str = "") -> str:
    found = locked_request_set(name, method)
    assert found is not None
    return found.sha256[:12]


def test_what_moved_is_told_part_by_part() -> None:
    kept = entry(clean={"sha256": "0" * 64, "n": 5})
    before = {"gone": entry(3, clean={"sha256": "9" * 64}), "kept": kept,
              "moved": entry(1, clean={"sha256": "a" * 64, "n": 5, "baseline": 0.25})}  # fmt: skip
    head = {"sha256": "d" * 64}
    after = {"kept": kept, "new": entry(1, clean={"sha256": "c" * 64}),
             "moved": entry(2, **{"clean": {"sha256": "b" * 64, "n": 5, "baseline": 0.5},
                                  "clean.head": head})}  # fmt: skip
    assert lock_moves(before, after) == [
        ("gone", "dropped", "version 3, 999999999999", "-"),
        ("moved", "version", "1", "2"),
        ("moved", "clean sha256", "aaaaaaaaaaaa", "bbbbbbbbbbbb"),
        ("moved", "clean baseline", "0.25", "0.5"),
        ("moved", "clean.head sha256", "-", "dddddddddddd"),
        ("new", "added", "-", "version 1, cccccccccccc"),
    ]
    assert lock_moves(after, after) == []


def test_a_task_that_moves_under_the_same_version_is_named() -> None:
    before = {name: entry(clean={"sha256": "a" * 64}) for name in ("gone", "moved", "raised")}
    after = {"moved": entry(clean={"sha256": "b" * 64}), "new": entry(clean={"sha256": "c" * 64}),
             "raised": entry(2, clean={"sha256": "d" * 64})}  # fmt: skip
    assert of_same_version(lock_moves(before, after)) == ["moved"]


def test_a_task_that_is_locked_first_is_added(board: Path) -> None:
    rows, last = lock("tickets")
    assert rows == [["tickets", "added", "-", "version", "1,", digits("tickets")]]
    assert last == "1 task: written to submissions/tasks.lock.json"
    assert lock("tickets", "--check") == ([], "1 task: up to date")


def test_a_check_that_fails_names_what_moved_and_writes_nothing(board: Path) -> None:
    lock("tickets")
    held, asked = lock_path("tickets").read_bytes(), digits("tickets")
    edit(board, "Ticket: {text}", "Complaint: {text}")
    checked, told = lock("tickets", "--check")
    assert told.startswith("submissions/tasks.lock.json: not up to date")
    assert lock_path("tickets").read_bytes() == held
    *written, raised = lock("tickets")[0]
    assert checked == [*written, raised]
    assert " ".join(raised).startswith("tickets: raise its version, or")
    assert [row[:3] for row in written] == [
        ["tickets", "clean", "sha256"],
        ["tickets", "clean.parsed", "sha256"],
    ]
    assert written[0][3:] == [asked, digits("tickets")] and asked != digits("tickets")


def test_a_task_that_is_gone_is_dropped_the_last_one_of_a_board_too(
    board: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock("tickets")
    path = board / "board.yaml"
    path.write_text(path.read_text().partition("\ntasks: ")[0] + "\n")
    held = json.loads(lock_path("gsm8k").read_bytes())["tasks"]
    monkeypatch.setattr(tasks, "built_in_names", lambda: ("starter_choice",))
    rows, told = lock("--check")
    assert [row[0] for row in rows] == [*sorted(held.keys() - {"starter_choice"}), "tickets"]
    assert {row[1] for row in rows} == {"dropped"}
    assert "evaluator/tasks/lock.json, submissions/tasks.lock.json: not up to date" in told


def test_a_task_whose_items_tell_no_models_apart_is_not_locked(board: Path) -> None:
    (board / "tasks/tickets.jsonl").write_bytes(CHARGED * 2)
    edit(board, TICKETS["sha256"], hashlib.sha256(CHARGED * 2).hexdigest())
    assert lock("tickets")[1] == (
        "tickets: one answer to every item already gets the best accuracy, 1, so its items tell no "
        "models apart. Add items whose right answers differ."
    )
    assert not lock_path("tickets").exists()
