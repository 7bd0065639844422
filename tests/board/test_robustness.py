"""What a model loses on a varied task: a paired difference that stands beside the index."""

from __future__ import annotations

import json

import pytest
from conftest import ROOT
from markupsafe import Markup
from typer.testing import CliRunner

from evaluator.board.check import check_tree
from evaluator.board.publish import read_site
from evaluator.board.publish.model import model_data
from evaluator.board.publish.pages import Pages
from evaluator.board.ranking import rank
from evaluator.board.robustness import losses
from evaluator.board.submissions import read_tree
from evaluator.cli import app

VARIED = "varied:\n  starter_choice: [typos, lower]\n\nsuites:\n"
BESIDE = """    beside:
      choice:
        - task: starter_choice_typos
          reason: How much of the score is the spelling.
        - task: starter_choice_lower
          reason: How much of the score is the capitals.

  core:
"""


def run(*words: str) -> str:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output or str(done.exception)
    return done.output


@pytest.fixture()
def varied(tree, monkeypatch, tmp_path):
    """A board that asks a starter task again, with the rule `random` measured on it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVALUATOR_SUBMISSIONS", str(tree))
    board = tree / "board.yaml"
    text = board.read_text().replace("suites:\n", VARIED, 1).replace("\n  core:\n", BESIDE, 1)
    board.write_text(text)
    run("tasks", "lock", "starter_choice_typos", "starter_choice_lower")
    run("run", str(tree / "baseline/random"), "--task", "starter_choice_typos")
    return tree


def test_it_stands_beside_the_index_and_can_be_checked(varied):
    assert check_tree(varied) == []
    read = read_tree(varied)
    suite = read.board.suites["starter"]
    assert "starter_choice_typos" not in suite.tasks
    assert "starter_choice_typos" in suite.measured
    assert len(rank(read, suite).places) == 5


def test_the_loss_is_that_of_the_items(varied):
    read = read_tree(varied)
    entry = next(e for e in read.entries if e.submission.id == "baseline/random")
    rows = {row["task"]: row for row in losses(read, entry)}
    row = rows["starter_choice_typos"]
    values = {}
    for task in ("starter_choice", "starter_choice_typos"):
        (standing,) = entry.by_task[task]
        values[task] = standing.result["metrics"]["acc"]["value"]
    assert (row["clean"], row["varied"]) == tuple(values.values())
    assert row["loss"] == pytest.approx(values["starter_choice"] - values["starter_choice_typos"])
    assert row["low"] <= row["loss"] <= row["high"] and not row["proven"]
    assert rows["starter_choice_lower"]["state"] == "pending"
    assert rows["starter_choice_lower"]["loss"] is None


def test_it_is_told_by_the_command(varied):
    told = run("robustness", "baseline/random", "--tree", str(varied))
    assert "starter_choice_typos" in told and "pending (varied: not measured yet)" in told
    found = json.loads(run("robustness", "--json", "--tree", str(varied)))
    assert len(found["starter/small"]) == 2


def test_a_board_without_varied_tasks_says_so(tree):
    assert "no varied task" in run("robustness", "--tree", str(tree))


def test_a_task_that_is_not_there_cannot_be_varied(tree, monkeypatch):
    board = tree / "board.yaml"
    board.write_text(board.read_text().replace("suites:\n", VARIED.replace("choice", "chess"), 1))
    monkeypatch.setenv("EVALUATOR_SUBMISSIONS", str(tree))
    done = CliRunner().invoke(app, ["check", "--tree", str(tree)])
    assert done.exit_code == 1
    assert "no task 'starter_chess' to vary" in str(done.exception)


def test_it_is_told_on_the_models_page(varied):
    site = read_site(varied)
    (entry,) = [e for e in site.tree.entries if e.submission.id == "baseline/random"]
    page = Pages(site, ROOT / "site").model(model_data(site, site.whole(entry)), Markup("")).body
    part = page[page.index('id="robustness"') : page.index('id="card"')]
    assert "Starter: series and order (typos)" in part
    assert part.count("<tr>") == 3
