"""A task whose test files nobody has seen: in the suite's list, in no index, never asked."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from evaluator.board.cells import find_cell
from evaluator.board.check import check_tree
from evaluator.board.publish import read_site
from evaluator.board.publish.suite import waiting
from evaluator.board.publish.task import task_data
from evaluator.board.queue import plan
from evaluator.board.ranking import rank
from evaluator.board.submissions import read_tree
from evaluator.cli import app

runner = CliRunner()


@pytest.fixture()
def waiting_tree(tree):
    board = tree / "board.yaml"
    text = board.read_text().replace(
        "      choice:\n        - task: starter_choice",
        "      choice:\n        - task: musr\n          reason: Long stories.\n"
        "        - task: starter_choice",
        1,
    )
    board.write_text(text)
    return tree


def test_it_waits_outside_the_index_and_breaks_nothing(waiting_tree):
    assert check_tree(waiting_tree) == []
    found = read_tree(waiting_tree)
    suite = found.board.suites["starter"]
    assert "musr" not in suite.tasks
    assert [t.task for t in suite.waiting["choice"]] == ["musr"]
    places = rank(found, suite).places
    assert places
    assert all("musr" not in place.cells for place in places)
    assert all(pending.task != "musr" for pending in plan(found))
    cell = find_cell(found, found.entries[0], "musr")
    assert (cell.state, "not verified" in cell.reason) == ("pending", True)


def test_an_area_of_nothing_else_is_no_area(tree):
    board = tree / "board.yaml"
    text = board.read_text().replace("- task: starter_choice", "- task: musr", 1)
    board.write_text(text)
    suite = read_tree(tree).board.suites["starter"]
    assert "choice" not in suite.areas
    assert "choice" in suite.waiting


def test_it_is_neither_verified_nor_locked_unless_named():
    verified = runner.invoke(app, ["data", "verify", "gsm8k"])
    assert "not verified yet" not in verified.output
    locked = runner.invoke(app, ["tasks", "lock", "musr"])
    assert locked.exit_code == 1


def test_its_pages_say_so(waiting_tree):
    site = read_site(waiting_tree)
    assert not task_data(site, "musr")["measurable"]
    assert task_data(site, "musr")["suites"][0]["suite"] == "starter"
    assert [w["task"] for w in waiting(site, "starter")] == ["musr"]
