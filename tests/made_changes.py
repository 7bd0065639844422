"""Changes of what the board asks, as a commit would make them: in the lock, or in a task's code."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluator import tasks


def change_lock(
    monkeypatch: pytest.MonkeyPatch, folder: Path, task: str, methods: str = "", **facts: Any
) -> None:
    """Let the lock hold other facts for a task: `sha256` is what another prompt changes."""
    lock = json.loads(tasks.lock_path(task).read_bytes())
    board = lock["tasks"][task]["board"]
    for name in board if not methods else (methods,):
        board[name] |= facts
    path = folder / f"{task}.lock.json"
    path.write_text(json.dumps(lock))
    os.utime(path, ns=(1, 1 + len(json.dumps(facts))))
    monkeypatch.setattr(tasks, "lock_path", lambda name: path)


def change_task(monkeypatch: pytest.MonkeyPatch, name: str, **facts: Any) -> None:
    """Let a task be declared with other facts, such as `scorer`."""
    load: Callable[[str], tasks.Task] = tasks._load
    found = replace(load(name), **facts)
    monkeypatch.setattr(tasks, "_load", lambda asked: found if asked == name else load(asked))


def retire_task(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let a task's file be gone."""
    left = tuple(known for known in tasks.built_in_names() if known != name)
    monkeypatch.setattr(tasks, "built_in_names", lambda: left)
