"""The suites of board.yaml: what is in an index, what stands beside it, and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT

from evaluator.board.check import check_tree
from evaluator.board.publish import read_site
from evaluator.board.publish.suite import beside
from evaluator.board.queue import wanted_tasks
from evaluator.board.ranking import rank
from evaluator.board.submissions import read_board, read_tree
from evaluator.tasks import load_task, task_names

SUITES = read_board(ROOT / "submissions").suites


def test_every_task_of_the_package_is_in_a_suite_or_is_named_here() -> None:
    listed = {
        told.task
        for suite in SUITES.values()
        for part in (suite.areas, suite.waiting, suite.beside)
        for entries in part.values()
        for told in entries
    }
    # HumanEval runs code, which this board does not allow; LogiQA's licence and CrowS-Pairs'
    # doubtful pairs leave them to boards that want them
    assert set(task_names()) - listed == {"humaneval", "agieval_logiqa", "crows_pairs"}


@pytest.mark.parametrize("name", SUITES)
def test_an_index_holds_only_what_its_licence_allows(name: str) -> None:
    tasks = [load_task(task) for task in SUITES[name].tasks]
    assert tasks
    assert all(task.open_licence and task.measurable for task in tasks)


@pytest.mark.parametrize("name", task_names())
def test_an_open_licence_is_a_licence(name: str) -> None:
    task = load_task(name)
    closed = task.licence in ("unknown", "mixed", "MSR-SSLA") or "NC" in task.licence.split("-")
    closed = closed or "non-commercial" in task.licence
    assert task.open_licence != closed, task.licence


@pytest.fixture()
def listing(tree: Path) -> Path:
    """A tree whose starter suite lists a closed licence among its areas, and asks one beside."""
    board = tree / "board.yaml"
    text = board.read_text()
    closed = "- task: mrpc\n          reason: Paraphrases of news.\n        "
    text = text.replace("- task: starter_matching", f"{closed}- task: starter_matching", 1)
    extra = "    beside:\n      math:\n        - task: gsm8k\n          reason: Word problems.\n\n"
    board.write_text(text.replace("\n  core:\n", f"{extra}  core:\n", 1))
    return tree


def test_a_closed_licence_is_moved_beside_the_index_wherever_it_is_listed(listing: Path) -> None:
    assert check_tree(listing) == []
    tree = read_tree(listing)
    suite = tree.board.suites["starter"]
    assert "mrpc" not in suite.tasks
    beside = [name for name in suite.measured if name not in suite.tasks]
    assert [name for name in beside if not load_task(name).varies] == ["mrpc", "gsm8k"]
    places = rank(tree, suite).places
    before = rank(read_tree(ROOT / "submissions"), SUITES["starter"]).places
    assert [place.index for place in places] == [place.index for place in before]
    assert {"mrpc", "gsm8k"} <= set(wanted_tasks(tree, tree.entries[0]))


def test_the_page_of_a_suite_says_why_a_task_is_beside(listing: Path) -> None:
    shown = {row["task"]: row["open_licence"] for row in beside(read_site(listing), "starter")}
    assert shown == {"mrpc": False, "gsm8k": True}
