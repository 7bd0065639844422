"""What a tree of submissions tells of itself, once it is read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT
from synthetic import SEASON, make_tree

from evaluator.board.submissions import read_tree
from evaluator.board.suites import asked_now
from evaluator.board.tree import Standing, Tree, frozen_suites

TASK = "starter_choice"
DAYS = {
    "draft": {"opened": "", "closed": ""},
    "open": {"opened": "2026-01-01", "closed": ""},
    "closed": {"opened": "2026-01-01", "closed": "2026-02-01"},
}


@pytest.fixture(scope="module")
def read() -> Tree:
    return read_tree(ROOT / "submissions")


def test_an_open_season_asks_what_it_froze_and_no_other(read: Tree) -> None:
    now = asked_now(TASK)
    assert now is not None
    frozen = replace(now, scorer=now.scorer + 1)
    for state, wanted in (("draft", now), ("open", frozen), ("closed", now)):
        season = replace(SEASON, name=read.board.season, asked={TASK: frozen}, **DAYS[state])
        tree = replace(read, seasons=(season,))
        assert tree.asked(TASK) == wanted, state
        assert tree.asked("starter_matching") == asked_now("starter_matching")


def test_an_open_season_ranks_the_suites_that_it_froze(read: Tree) -> None:
    frozen = {"starter": replace(read.board.suites["starter"], title="As it was")}
    for state, title in (("draft", read.board.suites["starter"].title), ("open", "As it was")):
        season = replace(SEASON, name=read.board.season, suites=frozen, **DAYS[state])
        found = frozen_suites(replace(read, seasons=(season,)))
        assert found.board.suites["starter"].title == title
    elsewhere = replace(SEASON, name="another", suites=frozen)
    assert frozen_suites(replace(read, seasons=(elsewhere,))).board == read.board


def test_decisions_about_a_submission_keep_their_order(read: Tree) -> None:
    made = tuple({"submission": name, "number": number}
                 for number, name in enumerate(("a/b", "a/c", "a/b")))  # fmt: skip
    tree = replace(read, decisions=made)
    assert [decision["number"] for decision in tree.decided("a/b")] == [0, 2]
    assert list(tree.decided("a/d")) == []


def test_results_of_a_task_stand_together() -> None:
    (entry,) = make_tree(np.array([0.5]), 2, 20, np.random.default_rng(1)).entries
    both = replace(entry, results=(*entry.results, entry.results[0]))
    first, second = entry.results
    assert both.by_task == {first.task: [first, first], second.task: [second]}


@pytest.mark.parametrize(
    ("file", "rescored"), [("01234567.json", False), ("01234567.s2.json", True)]
)
def test_a_rescored_result_is_known_by_its_name(file: str, rescored: bool) -> None:
    assert Standing(path=f"a.s/b.s1/results/t/k/{file}", result={}).rescored == rescored
