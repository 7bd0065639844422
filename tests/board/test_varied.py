"""What becomes of answers on a varied task: a paired difference that stands beside the index."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from conftest import ROOT
from markupsafe import Markup
from typer.testing import CliRunner

from evaluator.board.check import check_tree
from evaluator.board.publish import read_site
from evaluator.board.publish.model import model_data
from evaluator.board.publish.pages import Pages
from evaluator.board.ranking import rank
from evaluator.board.submissions import read_tree
from evaluator.board.varied import kept, losses, places, turned
from evaluator.cli import app
from evaluator.core.columns import pack
from evaluator.core.records import Items
from evaluator.measure.result import items_of
from evaluator.tasks import load_task


def run(*words: str) -> str:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output or str(done.exception)
    return done.output


def entry_of(tree, name):
    return next(e for e in tree.entries if e.submission.id == name)


@pytest.fixture()
def varied(whole_tree, monkeypatch, tmp_path):
    """The board with one more varied task, measured for one model, and one result taken away."""
    tree = whole_tree
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVALUATOR_SUBMISSIONS", str(tree))
    board = tree / "board.yaml"
    board.write_text(
        board.read_text().replace(
            "      no_question: What", "      lower: Shouting.\n      no_question: What", 1
        )
    )
    run("tasks", "lock", "starter_choice_lower")
    run("run", str(tree / "baseline/random"), "--task", "starter_choice_lower")
    shutil.rmtree(tree / "baseline/random/results/starter_choice_gender")
    return tree


def test_it_stands_beside_the_index_wherever_its_clean_task_is_asked(varied):
    assert check_tree(varied) == []
    read = read_tree(varied)
    suite = read.board.suites["starter"]
    assert "starter_choice_lower" not in suite.tasks
    assert "starter_choice_lower" in suite.measured
    assert len(rank(read, suite).places) == 5


def test_the_index_is_that_of_a_board_that_asks_once(tree):
    whole = read_tree(ROOT / "submissions")
    before = rank(whole, whole.board.suites["starter"])
    once = read_tree(tree)
    after = rank(once, once.board.suites["starter"])
    assert not [name for name in once.board.suites["starter"].measured if load_task(name).varies]
    assert [(p.index, p.low, p.high, p.best_rank) for p in before.places] == [
        (p.index, p.low, p.high, p.best_rank) for p in after.places
    ]
    for name in once.board.suites["starter"].tasks:
        assert whole.asked(name) == once.asked(name)


def test_the_loss_is_that_of_the_items(varied):
    read = read_tree(varied)
    entry = entry_of(read, "baseline/random")
    rows = {row["task"]: row for row in losses(read, entry)}
    row = rows["starter_choice_lower"]
    values = {}
    for task in ("starter_choice", "starter_choice_lower"):
        (standing,) = entry.by_task[task]
        values[task] = standing.result["metrics"]["acc"]["value"]
    assert (row["clean"], row["varied"]) == tuple(values.values())
    assert row["loss"] == pytest.approx(values["starter_choice"] - values["starter_choice_lower"])
    assert row["low"] <= row["loss"] <= row["high"] and not row["proven"]
    assert rows["starter_choice_gender"]["state"] == "pending"
    assert rows["starter_choice_gender"]["loss"] is None
    assert "starter_classification_erased" not in rows  # it asks other items


def items(**columns: list[float]) -> Items:
    return Items(columns={k: np.array(v, float) for k, v in columns.items()},
                 labels=(), clusters=())  # fmt: skip


def test_turned_answers_are_a_share_of_the_changed_items():
    clean = items(correct=[1, 1, 0, 0], pred=[0, 1, 2, 3])
    varied = items(correct=[1, 0, 0, 0], pred=[0, 2, 1, 3], changed=[0, 1, 1, 1])
    assert turned(clean, varied) == {"changed": 3, "turned": pytest.approx(2 / 3)}
    still = items(correct=[1, 1, 0, 0], pred=[0, 1, 2, 3], changed=[0, 0, 0, 0])
    assert turned(clean, still) == {"changed": 0, "turned": None}


def test_what_is_kept_is_right_in_every_form():
    read = read_tree(ROOT / "submissions")
    entry = entry_of(read, "starter/medium")
    names = ["starter_classification_typos", "starter_classification_width"]
    columns = [items_of(entry.by_task[name][0].result).columns["correct"]
               for name in ("starter_classification", *names)]  # fmt: skip
    found = kept(read, entry, "starter_classification", names)
    together = sum(bool(a and b and c) for a, b, c in zip(*columns, strict=True))
    assert found is not None
    assert found["worst"] == pytest.approx(together / 200)
    assert found["value"] == pytest.approx(together / columns[0].sum())
    assert found["low"] < found["value"] < found["high"]
    assert kept(read, entry, "starter_classification", ["starter_choice_lower"]) is None


@pytest.fixture()
def part(whole_tree, monkeypatch, tmp_path):
    """The board with two varied tasks of 50 items each, measured for a guesser."""
    tree = whole_tree
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVALUATOR_SUBMISSIONS", str(tree))
    board = tree / "board.yaml"
    declared = "  starter_matching: {items: 50, changes: {lower: Shouting., typos: Haste.}}\n"
    board.write_text(board.read_text().replace("varied:\n", f"varied:\n{declared}", 1))
    names = ["starter_matching_lower", "starter_matching_typos"]
    run("tasks", "lock", *names)
    for name in names:
        run("run", str(tree / "baseline/random"), "--task", name)
    return tree


def test_a_part_is_paired_with_the_same_items_of_the_clean_task(part):
    assert check_tree(part) == []
    read = read_tree(part)
    entry = entry_of(read, "baseline/random")
    first = entry.by_task["starter_matching"][0].result
    other = entry.by_task["starter_matching_lower"][0].result
    clean, varied = items_of(first).columns, items_of(other).columns
    at = varied["place"].astype(int)
    assert places(first, other) == at.tolist() and len(at) == 50
    assert (clean["gold"][at] == varied["gold"]).all()  # the same items, since labels agree
    row = {row["task"]: row for row in losses(read, entry)}["starter_matching_lower"]
    assert (row["n"], row["changed"]) == (50, 50)
    assert row["clean"] == pytest.approx(clean["correct"][at].mean())
    assert row["varied"] == pytest.approx(varied["correct"].mean())
    assert row["turned"] == pytest.approx((clean["pred"][at] != varied["pred"]).mean())
    again = items_of(entry.by_task["starter_matching_typos"][0].result).columns
    both = sorted({*at.tolist()} & {*again["place"].astype(int).tolist()})
    right = [clean["correct"][both]] + [
        column["correct"][np.isin(column["place"], both)] for column in (varied, again)
    ]
    found = kept(read, entry, "starter_matching", ["starter_matching_lower",
                                                   "starter_matching_typos"])  # fmt: skip
    assert found and found["n"] == int(right[0].sum()) and 40 < len(both) < 51
    assert found["value"] == pytest.approx(np.min(right, axis=0).sum() / right[0].sum())


def test_a_part_of_other_items_is_compared_with_nothing(part):
    read = read_tree(part)
    entry = entry_of(read, "baseline/random")
    first = entry.by_task["starter_matching"][0].result
    other = entry.by_task["starter_matching_lower"][0].result
    past = other["columns"] | {"place": pack("place", np.arange(151.0, 201))}
    twice = other["columns"] | {"place": pack("place", np.repeat(np.arange(25.0), 2))}
    assert places(first, other | {"columns": past}) is None
    assert places(first, other | {"columns": twice}) is None
    assert places(first, other | {"scorer": 99}) is None
    assert places(first | {"data": {"a": "b"}}, other) is None
    assert places(first, other | {"task": {"name": "x", "version": 99}}) is None


def test_it_is_told_by_the_command(varied):
    told = run("profile", "baseline/random", "--tree", str(varied))
    assert "starter_choice_lower" in told and "pending (varied: not measured yet)" in told
    found = json.loads(run("profile", "--json", "--tree", str(varied)))
    assert len(found["starter/small"]["rows"]) == 7
    assert found["starter/small"]["suites"]["starter"]["kept"]["tasks"] == 1


def test_a_board_without_varied_tasks_says_so(tree):
    assert "no varied task" in run("profile", "--tree", str(tree))


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (
            "starter_chess: {changes: {lower: Why.}}",
            "no task 'starter_chess' to vary; did you mean starter_choice?",
        ),
        ("starter_generation: {changes: {erased: Why.}}", "'erased' is not for a generation task"),
        ("starter_generation: {changes: {rot13: Why.}}", "rot13"),
        ("starter_generation: {changes: {lower: ''}}", "/varied/starter_generation/changes/lower"),
        ("starter_generation: {items: 3, changes: {lower: Why.}}", "/varied/starter_generation/it"),
    ],
)
def test_what_cannot_be_varied_is_refused(whole_tree, monkeypatch, declared, told):
    tree = whole_tree
    board = tree / "board.yaml"
    board.write_text(board.read_text().replace("varied:\n", f"varied:\n  {declared}\n", 1))
    monkeypatch.setenv("EVALUATOR_SUBMISSIONS", str(tree))
    done = CliRunner().invoke(app, ["check", "--tree", str(tree)])
    assert done.exit_code == 1
    assert told in (str(done.exception) + done.output)


def test_it_is_told_on_the_models_page(varied):
    site = read_site(varied)
    entry = entry_of(site.tree, "baseline/random")
    page = Pages(site, ROOT / "site").model(model_data(site, site.whole(entry)), Markup("")).body
    part = page[page.index('id="beside"') : page.index('id="card"')]
    for text in ("small letters", "not measured yet", "What moved an answer", "b-losses", "b-for-"):
        assert text in part
