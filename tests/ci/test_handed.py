"""Hand-overs: what a job says of its failure, read as from a stranger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluator.ci.handed import MOST_REASON, read_failure, write_failure
from evaluator.core.errors import ModelError, OutOfTimeError, RunError, TooLongError


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (RunError("a machine stopped"), "failed"),
        (ModelError("no weights"), "failed"),
        (OutOfTimeError("ran past its time limit"), "timeout"),
        (TooLongError("600 tokens"), "too-long"),
    ],
)
def test_a_failure_keeps_its_state_and_reason(tmp_path: Path, error, state: str) -> None:
    path = tmp_path / "error.json"
    write_failure(path, error)
    found = read_failure(path)
    assert (found.state, str(found)) == (state, str(error))


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b'{"reason": "no state"}',
        b'{"state": "timeout"}',
        b'{"state": {}, "reason": []}',
        b'{"state": "measured", "reason": "believe me"}',
        b"[" * 100_000,
    ],
)
def test_whatever_is_handed_over_is_a_failed_run(tmp_path: Path, said: bytes) -> None:
    path = tmp_path / "error.json"
    path.write_bytes(said)
    assert read_failure(path).state == "failed"


def test_a_reason_is_one_short_printable_line(tmp_path: Path) -> None:
    path = tmp_path / "error.json"
    reason = "line\n::error::x\x1b[31m" + "y" * 9999
    path.write_text(json.dumps({"state": "failed", "reason": reason}))
    told = str(read_failure(path))
    assert told.isprintable() and len(told) <= MOST_REASON
