"""The command line: exit codes, help, and errors without a traceback."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from evaluator.cli import app
from evaluator.reference import command_words

runner = CliRunner(env={"COLUMNS": "100"})


@pytest.mark.parametrize("words", command_words(), ids=" ".join)
def test_every_command_has_help(words):
    asked = runner.invoke(app, [*words, "--help"])
    assert asked.exit_code == 0
    assert len(asked.output.split("\n")) > 5
    assert "\\b" not in asked.output, "examples stand line by line"


def test_wrong_use_exits_with_2():
    assert runner.invoke(app, ["nothing"]).exit_code == 2
    assert runner.invoke(app, ["run"]).exit_code == 2
    assert runner.invoke(app, ["run", "x", "--trust", "me"]).exit_code == 2


def test_the_version_is_printed():
    assert runner.invoke(app, ["--version"]).output.strip() == "0.1.0"


def test_tasks_are_listed():
    names = {t["name"] for t in json.loads(runner.invoke(app, ["tasks", "list", "--json"]).output)}
    assert {"gsm8k", "mmlu", "starter_choice"} <= names


def test_an_item_is_shown_as_it_is_asked():
    shown = runner.invoke(app, ["tasks", "show", "starter_choice"]).output
    assert shown.startswith("Question:") and "* [ " in shown
