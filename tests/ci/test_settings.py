"""Settings: printed as they would be run, and nothing run unless asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluator.ci.settings import ALLOWED_ACTIONS, apply_settings, commands
from evaluator.cli import app
from evaluator.core.errors import EvaluatorError


def gh(folder: Path, monkeypatch: pytest.MonkeyPatch, code: int = 0) -> Path:
    """Put a `gh` on the path that notes what it was asked; return its notes."""
    program, notes = folder / "gh", folder / "notes"
    program.write_text(f'#!/bin/sh\necho "$@" >> {notes}\ncat > /dev/null\nexit {code}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return notes


def test_a_dry_run_prints_every_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = gh(tmp_path, monkeypatch)
    told = CliRunner().invoke(app, ["ci", "settings", "me/board"])
    assert told.exit_code == 0
    assert told.output.count("gh api") == len(commands("me/board"))
    assert not notes.exists()


def test_apply_runs_them_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = gh(tmp_path, monkeypatch)
    apply_settings("me/board")
    asked = notes.read_text().splitlines()
    assert [line.split()[3] for line in asked] == [words[4] for words, _ in commands("me/board")]


def test_a_refusal_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gh(tmp_path, monkeypatch, code=1)
    with pytest.raises(EvaluatorError, match="actions/permissions"):
        apply_settings("me/board")


def test_the_gate_is_required_and_history_cannot_be_rewritten() -> None:
    sent = {words[4]: json.loads(body) for words, body in commands("me/board") if body}
    rules = {rule["type"]: rule for rule in sent["repos/me/board/rulesets"]["rules"]}
    assert {"deletion", "non_fast_forward", "pull_request"} <= rules.keys()
    checks = rules["required_status_checks"]["parameters"]["required_status_checks"]
    assert checks == [{"context": "gate"}]


def test_the_allowed_actions_are_those_in_use() -> None:
    from test_workflows import ACTIONS

    assert {name.removesuffix("@*") for name in ALLOWED_ACTIONS} == set(ACTIONS)
