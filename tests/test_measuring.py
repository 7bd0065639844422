"""The verb `run`: what it prints of a finished task."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluator.cli import app


@pytest.mark.parametrize(("policy", "told"), [("majority", ", near ties = 20, "), ("random", "")])
def test_near_ties_are_told_where_there_are_any(
    tree: Path, monkeypatch: pytest.MonkeyPatch, policy: str, told: str
) -> None:
    monkeypatch.chdir(tree.parent)
    words = ["run", str(tree / "baseline" / policy), "--task", "starter_choice", "--limit", "20"]
    line = CliRunner().invoke(app, words).output.rstrip()
    counts = json.loads(Path(line.rpartition(": ")[2]).read_text())["counts"]
    assert told in line and ("near ties" in line) == bool(told) == bool(counts["near_ties"])
