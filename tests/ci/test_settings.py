"""Settings: printed as they would be run, and nothing run unless asked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from made_gh import put_gh
from typer.testing import CliRunner

from evaluator.ci.settings import ALLOWED_ACTIONS, apply_settings, settings
from evaluator.cli import app
from evaluator.core.errors import EvaluatorError


def gh(folder: Path, monkeypatch: pytest.MonkeyPatch, code: int = 0, ruleset: str = "") -> Path:
    """Put a `gh` on the path that knows a ruleset; return what it was asked."""
    known = f'case "$*" in *--jq*) echo "{ruleset}" ;; esac'
    return put_gh(folder, monkeypatch, f"cat > /dev/null\n{known}\nexit {code}\n")


def test_a_dry_run_prints_every_command_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is printed is a script that sets the same."""
    notes = gh(tmp_path, monkeypatch)
    told = CliRunner().invoke(app, ["ci", "settings", "me/board"])
    assert told.exit_code == 0
    assert not notes.exists()
    for setting in settings("me/board"):
        assert f"# {setting.why}\n{' '.join(setting.words)}" in told.output
    assert "gh secret set PUSH_KEY --env results --repo me/board" in told.output
    subprocess.run(["sh", "-e"], input=told.output, text=True, check=True)
    asked = notes.read_text().splitlines()
    assert [line.split()[3] for line in asked] == [s.path for s in settings("me/board")]


@pytest.mark.parametrize(("standing", "expected"), [("", "POST"), ("17", "PUT")])
def test_apply_sets_everything_in_order_and_can_be_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, standing: str, expected: str
) -> None:
    notes = gh(tmp_path, monkeypatch, ruleset=standing)
    apply_settings("me/board")
    asked = [line.split() for line in notes.read_text().splitlines()]
    sent = [words for words in asked if "--jq" not in words]
    paths = [setting.path for setting in settings("me/board")]
    assert [words[3].removesuffix("/17") for words in sent] == paths
    (rules,) = [words for words in sent if "/rulesets" in words[3]]
    assert rules[2] == expected


def test_a_refusal_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gh(tmp_path, monkeypatch, code=1)
    with pytest.raises(EvaluatorError, match="actions/permissions"):
        apply_settings("me/board")


def test_the_gate_is_required_and_only_the_deploy_key_passes() -> None:
    (ruleset,) = [s.body for s in settings("me/board") if s.path.endswith("/rulesets")]
    rules = {rule["type"]: rule for rule in ruleset["rules"]}
    assert {"deletion", "non_fast_forward", "pull_request"} <= rules.keys()
    checks = rules["required_status_checks"]["parameters"]["required_status_checks"]
    assert checks == [{"context": "gate"}]
    assert [actor["actor_type"] for actor in ruleset["bypass_actors"]] == ["DeployKey"]


def test_the_allowed_actions_are_those_in_use() -> None:
    from test_workflows import ACTIONS

    assert {name.removesuffix("@*") for name in ALLOWED_ACTIONS} == set(ACTIONS)
