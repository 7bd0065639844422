"""Real commands in real repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def evaluator(
    *words: str, cwd: Path, check: bool = True, **env: str
) -> subprocess.CompletedProcess:
    """Run the command line as a person does; stdout and stderr as text."""
    done = subprocess.run(
        [sys.executable, "-m", "evaluator", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done


def git(*words: str, cwd: Path) -> str:
    """Run git and return what it printed."""
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.invalid"]
    done = subprocess.run(
        ["git", *identity, "-c", "init.defaultBranch=main", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture()
def repository(tmp_path: Path) -> Path:
    """Return a new git repository that holds what the site and the board need, committed."""
    home = tmp_path / "upstream"
    home.mkdir()
    for name in ("submissions", "site", "docs", "evaluator"):
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", ".gitignore", "pyproject.toml"):
        shutil.copy(ROOT / name, home)
    git("init", "-q", cwd=home)
    git("add", "-A", cwd=home)
    git("commit", "-qm", "Start of the board", cwd=home)
    return home
