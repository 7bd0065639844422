"""Hand-overs: what a job says of its failure, read as from a stranger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluator.ci.handed import MOST_REASON, latest, read_failure, write_failure
from evaluator.ci.score import gather
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


def hand(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def test_a_second_attempt_takes_the_place_of_the_first(tmp_path: Path) -> None:
    """Row 54: of every part the last attempt counts, ten after nine."""
    for attempt in (1, 9, 10):
        hand(tmp_path, f"a_b@1-of-2@{attempt}")
    other = hand(tmp_path, "a_b@2-of-2@1")
    assert latest(tmp_path) == {
        ("a_b", "1-of-2"): tmp_path / "a_b@1-of-2@10",
        ("a_b", "2-of-2"): other,
    }


@pytest.mark.parametrize("name", ["a_b", "a_b@1-of-2", "a_b@1-of-2@x", "A@lock@1", "a@lock@1\n"])
def test_what_no_job_hands_over_is_refused(tmp_path: Path, name: str) -> None:
    hand(tmp_path, name)
    with pytest.raises(RunError, match="nothing that a job of this workflow hands over"):
        latest(tmp_path)


def test_a_shard_handed_over_for_another_submission_is_refused(tmp_path: Path) -> None:
    """Row 54."""
    hand(tmp_path, "c_d@1-of-1@1")
    with pytest.raises(RunError, match="was handed over for a_b"):
        gather(tmp_path, "a_b", tmp_path.parent / "shards")
