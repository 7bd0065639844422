"""A full disk, a sealed tree, kill -9 at any moment: nothing half-written is ever read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, need
from made_board import build, commit

HERE = Path(__file__).parent


def script(name: str, *words: str, inside: tuple[str, ...] = ()) -> str:
    """Run a script of this folder, inside a sandbox if one is named; return what it printed."""
    done = subprocess.run(
        [*inside, sys.executable, str(HERE / name), *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def sandbox(*mounts: str) -> tuple[str, ...]:
    need("bubblewrap", shutil.which("bwrap") is not None, "apt-get install bubblewrap")
    return ("bwrap", "--dev-bind", "/", "/", *mounts)


def test_a_full_disk_stops_a_run_with_a_sentence_and_room_heals_it(tmp_path):
    folder, aside = tmp_path / "full", tmp_path / "aside"
    folder.mkdir()
    aside.mkdir()
    mounts = ("--size", str(1024 * 1024), "--tmpfs", str(folder))
    script("limits.py", "full", str(folder), str(aside), inside=sandbox(*mounts))


def test_a_sealed_tree_can_be_read_by_all_and_written_by_none(tmp_path):
    folder, aside = tmp_path / "board", tmp_path / "aside"
    folder.mkdir()
    aside.mkdir()
    build(folder)
    shutil.rmtree(folder / "submissions/baseline/random/results/starter_choice")
    commit(folder, "Let something be left to measure")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    mounts = ("--ro-bind", str(folder), str(folder))
    script("limits.py", "sealed", str(folder), str(aside), inside=sandbox(*mounts))
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.parametrize("what", ["run", "score", "publish"])
def test_killed_at_a_few_moments_the_repeat_makes_the_same(what, tmp_path):
    script("moments.py", what, "3", "1", str(tmp_path))


@pytest.mark.heavy
@pytest.mark.parametrize("what", ["run", "score", "publish", "site"])
def test_killed_at_fifty_moments_the_repeat_makes_the_same(what, tmp_path):
    assert script("moments.py", what, "50", "2", str(tmp_path)).startswith("50 killed")
