"""The GPU machine's guard: one workflow of one repository on main, and nothing else."""

from __future__ import annotations

import subprocess

import pytest
from conftest import ROOT

GOOD = {
    "BOARD_REPOSITORY": "me/board",
    "GITHUB_REPOSITORY": "me/board",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_WORKFLOW_REF": "me/board/.github/workflows/evaluate.yml@refs/heads/main",
    "GITHUB_EVENT_NAME": "push",
}


def guard(**changes: str) -> subprocess.CompletedProcess[str]:
    """Run the guard with what a runner would set."""
    return subprocess.run(
        [ROOT / ".github/runner/guard.sh"],
        env={"PATH": "/usr/bin:/bin", **GOOD, **changes},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("event", ["push", "schedule", "workflow_dispatch"])
def test_evaluate_on_main_may_run(event: str) -> None:
    assert guard(GITHUB_EVENT_NAME=event).returncode == 0


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("GITHUB_REPOSITORY", "mallory/board", "another repository"),
        ("GITHUB_REPOSITORY", "", "another repository"),
        ("GITHUB_REF", "refs/pull/1/merge", "another branch"),
        ("GITHUB_REF", "refs/heads/main2", "another branch"),
        (
            "GITHUB_WORKFLOW_REF",
            "me/board/.github/workflows/evil.yml@refs/heads/main",
            "another workflow",
        ),
        (
            "GITHUB_WORKFLOW_REF",
            "me/board/.github/workflows/evaluate.yml@refs/pull/1/merge",
            "another workflow",
        ),
        ("GITHUB_EVENT_NAME", "pull_request", "another event"),
        ("GITHUB_EVENT_NAME", "pull_request_target", "another event"),
    ],
)
def test_every_other_job_is_refused_with_the_reason(name: str, value: str, told: str) -> None:
    done = guard(**{name: value})
    assert done.returncode == 1
    assert told in done.stderr


def test_without_its_setting_nothing_runs() -> None:
    done = guard(BOARD_REPOSITORY="")
    assert done.returncode != 0
    assert "set BOARD_REPOSITORY" in done.stderr
