"""A board in git, as a job of a workflow sees it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from conftest_e2e import git
from made_once import ask_once

WORKFLOW = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "board/leaderboard",
    "GITHUB_RUN_ID": "17",
    "GITHUB_RUN_ATTEMPT": "1",
}
RUN = "https://github.com/board/leaderboard/actions/runs/17"


@pytest.fixture()
def workflow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Set what a runner sets; return the folder of the files that steps write to."""
    for name, value in WORKFLOW.items():
        monkeypatch.setenv(name, value)
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.setenv(name, str(tmp_path / name))
    return tmp_path


@pytest.fixture()
def repository(tmp_path: Path) -> Path:
    """Return a repository with the starter board, committed."""
    home = tmp_path / "board"
    shutil.copytree(ROOT / "submissions", home / "submissions")
    ask_once(home / "submissions")
    (home / ".github").mkdir()
    (home / ".github/CODEOWNERS").write_text("* @carol\nsubmissions/starter/ @dave @board/team\n")
    git("init", "-q", "-b", "main", cwd=home)
    git("add", "-A", cwd=home)
    git("commit", "-qm", "Start", cwd=home)
    return home
