"""A starter model on the real test sets, without a network."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import need
from conftest_e2e import ROOT, evaluator
from made_once import ask_once

LIMITS = {"gsm8k": 20, "mmlu": 200, "arc_challenge": 100, "truthfulqa": 100, "banking77": 200}


@pytest.mark.parametrize("task", LIMITS)
def test_a_starter_model_measures_the_real_task(task, real_data, tmp_path):
    ask_once(shutil.copytree(ROOT / "submissions", tmp_path / "submissions"))
    limit = LIMITS[task]
    words = ("run", "submissions/starter/small", "--task", task, "--limit", str(limit))
    evaluator(*words, cwd=tmp_path)
    path = next((tmp_path / "build/partial").rglob("????????.json"))
    result = json.loads(path.read_text())
    assert result["partial"]["limit"] == result["n"] == limit
    assert result["data"]
    primary = result["metrics"][result["primary"]]
    assert 0 <= primary["low"] <= primary["value"] <= primary["high"] <= 1


def test_measuring_needs_no_network(tmp_path):
    need("bubblewrap", shutil.which("bwrap") is not None, "install Debian's bubblewrap")
    ask_once(shutil.copytree(ROOT / "submissions", tmp_path / "submissions"))
    shutil.rmtree(tmp_path / "submissions/starter/small/results")
    sandbox = [
        "bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev",
        "--proc", "/proc", "--bind", str(tmp_path), str(tmp_path), "--chdir", str(tmp_path),
    ]  # fmt: skip
    probe = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    alone = subprocess.run([*sandbox, sys.executable, "-c", probe], capture_output=True, text=True)
    assert alone.returncode != 0, "the sandbox must cut the network, or this test says nothing"
    done = subprocess.run(
        [*sandbox, "env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "evaluator", "run",
         "submissions/starter/small"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(list(Path(tmp_path).glob("submissions/starter/small/results/*/*/*.json"))) == 4
