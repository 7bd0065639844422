"""Report: what failed reaches the person who can do something about it."""

from __future__ import annotations

import json
from pathlib import Path

from ci.conftest import RUN

from evaluator.ci.report import board_issue, read_failures, submission_issue

NAME = "starter/small"


def test_a_submission_s_people_are_told_what_happened(tree: Path, workflow: Path) -> None:
    issue = submission_issue(tree, NAME, [("mmlu", "timeout", "ran past its time | limit <b>")])
    assert issue["title"] == f"Not measured: {NAME}"
    assert issue["body"].startswith("@")
    assert "ran past its time \\| limit \\<b\\>" in issue["body"]
    assert RUN in issue["body"]
    assert "SHARD_HOURS" in issue["body"], "what can be done about it"
    assert "supersedes" not in issue["body"], "advice for another failure"


def test_failures_are_read_from_what_was_handed_over_last(tree: Path, tmp_path: Path) -> None:
    handed = tmp_path / "handed"
    for number, reason in ((1, "first"), (2, "second")):
        folder = handed / f"starter_small@scored@{number}" / NAME / "attempts"
        folder.mkdir(parents=True)
        fact = {
            "schema": 1, "submission": NAME, "task": "mmlu", "key": "", "state": "failed",
            "reason": reason, "when": "2026-11-01T00:00:00Z",
        }  # fmt: skip
        (folder / "no-model-1.json").write_text(json.dumps(fact))
    assert read_failures(handed, [NAME, "starter/large"]) == {NAME: [("mmlu", "failed", "second")]}


def test_the_board_s_people_are_told_which_job_failed() -> None:
    assert board_issue({"plan": "success", "measure": "skipped"}) is None
    issue = board_issue({"plan": "success", "publish": "failure", "other": "failure"})
    assert "results were refused or main could not be pushed to" in issue["body"]
    assert "open the run and read its log" in issue["body"]
