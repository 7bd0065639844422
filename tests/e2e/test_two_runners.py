"""Two runners measure the same at once: one whole result, no failure noted, nothing left over."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from evaluator.board.check import check_tree

TASK = "starter_choice"


def start(home: Path, folder: Path) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "evaluator", "run", str(home), "--task", TASK]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)  # fmt: skip


@pytest.mark.parametrize(
    ("model", "folders"),
    [("starter/small", ("one", "one")), ("baseline/random", ("one", "other"))],
    ids=["one folder", "two folders"],
)
def test_there_is_one_result(tree, tmp_path, model, folders):
    home = tree / model
    shutil.rmtree(home / "results" / TASK)
    runners = [start(home, tmp_path / folder) for folder in folders]
    told = [runner.communicate(timeout=120)[0] for runner in runners]
    assert 0 in [runner.returncode for runner in runners], told
    for runner, text in zip(runners, told, strict=True):
        assert runner.returncode == 0 or "another process" in text
        assert "Traceback" not in text
    (path,) = (home / "results" / TASK).glob("*/*.json")
    assert sorted(p.name for p in path.parent.iterdir()) == [
        path.name, f"{path.stem}.responses.jsonl.gz",
    ]  # fmt: skip
    assert not (home / "attempts").exists()
    assert not list(tmp_path.glob("*/build/runs/*"))
    assert check_tree(tree) == []
