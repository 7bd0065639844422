"""A run stopped in the middle, by kill -9 or Ctrl-C; the same command ends with the same bytes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest_e2e import ROOT, evaluator
from made_once import ask_once

from evaluator.core.files import canonical_bytes


def command(tree: Path) -> list[str]:
    path = str(tree / "starter/small")
    return [sys.executable, "-m", "evaluator", "run", path, "--task", "starter_classification"]


def stable_bytes(tree: Path) -> tuple[str, bytes]:
    """The result without its run section, and its name."""
    path = next((tree / "starter/small/results/starter_classification").glob("*/????????.json"))
    result = json.loads(path.read_text())
    del result["run"]
    return path.name, canonical_bytes(result)


def fresh_tree(to: Path) -> Path:
    return ask_once(
        shutil.copytree(ROOT / "submissions", to, ignore=shutil.ignore_patterns("results"))
    )


@pytest.mark.parametrize(
    ("stop", "status", "said"),
    [
        (signal.SIGKILL, -signal.SIGKILL, ""),
        (signal.SIGINT, 130, "stopped; the same command goes on where it was\n"),
    ],
)
def test_a_stopped_run_goes_on_and_ends_with_the_same_bytes(tmp_path, stop, status, said):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    undisturbed = fresh_tree(tmp_path / "one" / "submissions")
    subprocess.run(command(undisturbed), cwd=tmp_path / "one", env=environment, check=True)

    killed = fresh_tree(tmp_path / "two" / "submissions")
    process = subprocess.Popen(command(killed), cwd=tmp_path / "two", env=environment,
                               stderr=subprocess.PIPE, text=True)  # fmt: skip
    runs = tmp_path / "two/build/runs"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        journals = list(runs.glob("*/journal.jsonl"))
        if journals and journals[0].read_bytes().count(b"\n") >= 1:
            break
        time.sleep(0.002)
    process.send_signal(stop)
    assert process.communicate()[1].endswith(said)
    assert process.returncode == status
    journal = next(runs.glob("*/journal.jsonl"))
    answered = journal.read_bytes().count(b"\n")
    assert answered >= 1
    assert not list(killed.glob("starter/small/results/*/*/*.json")), "it was not killed in time"
    with journal.open("ab") as file:  # as if the kill had cut a line
        file.write(b'{"pack": "cut o')

    evaluator("run", str(killed / "starter/small"), "--task", "starter_classification",
              cwd=tmp_path / "two")  # fmt: skip
    assert stable_bytes(killed) == stable_bytes(undisturbed)
    assert not list(runs.glob("*")), "a finished run leaves no journal"


def test_partial_runs_go_to_build_partial_and_are_refused_elsewhere(tmp_path):
    tree = fresh_tree(tmp_path / "submissions")
    evaluator("run", "submissions/starter/small", "--limit", "20", cwd=tmp_path)
    found = sorted((tmp_path / "build/partial/starter/small/results").glob("*/*/????????.json"))
    assert len(found) == 4
    assert not (tree / "starter/small/results").exists()
    to = tree / found[0].relative_to(tmp_path / "build/partial")
    to.parent.mkdir(parents=True)
    shutil.copy(found[0], to)
    told = evaluator("check", cwd=tmp_path, check=False)
    assert told.returncode == 1
    assert "20 of 200 items: partial runs are never committed" in told.stderr
