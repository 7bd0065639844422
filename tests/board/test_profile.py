"""What stands beside the scores, by hand: gaps between groups, erased parts, numbers of a suite."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import ROOT

from evaluator.board.erasure import decisive, read_items
from evaluator.board.groups import gap_of, gaps
from evaluator.board.profile import columns_of, profile_of
from evaluator.board.publish.profile import level_of, losses, profile_view
from evaluator.board.publish.words import read_words
from evaluator.board.submissions import read_tree
from evaluator.core.records import Items
from evaluator.core.stats import combine, wilson


def group(right: int, n: int) -> dict:
    low, high = wilson(right / n, n)
    return {"value": right / n, "low": low, "high": high, "n": n}


def test_two_groups_give_newcombes_interval():
    """Newcombe 1998, Statistics in Medicine 17:873, table II, contrast (a), method 10."""
    found = gap_of({"en": group(56, 70), "zh": group(48, 80)})
    assert (found["worst"], found["best"]) == ("zh", "en")
    assert found["gap"] == pytest.approx(0.2)
    assert (found["low"], found["high"]) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_the_worst_of_many_equal_groups_proves_nothing():
    many = {f"g{i}": group(50 - (i == 0) * 12, 100) for i in range(30)}
    two = {"a": group(38, 100), "b": group(50 * 29, 2900)}
    assert gap_of(two)["proven"] and not gap_of(many)["proven"]
    assert gap_of({"one": group(1, 2)}) is None


def test_combined_intervals():
    assert combine([(1.0, 0.5, 0.4, 0.7)]) == pytest.approx((0.5, 0.4, 0.7))
    value, low, high = combine([(0.5, 0.2, 0.1, 0.5), (0.5, 0.6, 0.2, 0.7)])
    assert (value, low, high) == pytest.approx(
        (0.4, 0.4 - 0.5 * np.hypot(0.1, 0.4), 0.4 + 0.5 * np.hypot(0.3, 0.1))
    )


def test_what_an_item_loses_without_a_part():
    items = Items(
        columns={
            "changed": np.array([0, 1, 1, 0, 1.0]),
            "correct": np.array([1, 0, 1, 0, 1.0]),
            "p_gold": np.array([0.8, 0.3, 0.85, 0.2, 0.6]),
        },
        labels=(),
        clusters=(),
    )
    first, second = read_items(items)
    assert first["drops"] == pytest.approx([0.5, -0.05])
    assert first["turns"] == [True, False]
    assert (second["right"], second["turns"]) == (False, [False])
    assert decisive([first, second]) == {"n": 1, "decisive": 1.0, "low": wilson(1, 1)[0], "high": 1}
    assert decisive([second])["decisive"] is None
    assert [level_of(d) for d in (*first["drops"], 0.009, 0.3)] == [5, -2, 0, 4]


def test_a_suite_counts_what_was_changed_and_measured():
    row = {"suites": ["s"], "loss": 0.2, "low": 0.1, "high": 0.3, "changed": 50, "turned": 0.1,
           "family": "people", "how": "gender"}  # fmt: skip
    rows = [row, row | {"changed": 0, "turned": None}, row | {"loss": None},
            row | {"family": "evidence", "how": "no_question"}]  # fmt: skip
    found = columns_of(rows, [], "s")
    assert found["kept"] is None
    assert found["same"] == {"value": 0.9, "low": pytest.approx(wilson(0.9, 50)[0]),
                             "high": pytest.approx(wilson(0.9, 50)[1]), "tasks": 1}  # fmt: skip
    assert found["evidence"]["value"] == 0.2
    assert columns_of(rows, [], "other") == dict.fromkeys(found)


def test_rows_without_a_number_are_told_once_for_each_reason():
    row = {"loss": None, "state": "pending", "side": "varied", "reason": "not measured yet",
           "family": "form", "clean_task": "a", "title": "A", "how": "typos"}  # fmt: skip
    rows = [row, row | {"how": "order"}, row | {"clean_task": "b", "title": "B"},
            row | {"side": "clean"}]  # fmt: skip
    data = {"rows": rows, "gaps": [], "erased": [], "suites": {"s": {"kept": None}}}
    view = profile_view(data, read_words(ROOT / "site/words", "en"))
    assert view["families"] == [] and not view["columns"] and view["losses"] == {}
    assert [(u["side"], [(t["title"], t["hows"]) for t in u["tasks"]]) for u in view["untold"]] == [
        ("varied", [("A", ["typos", "order"]), ("B", ["typos"])]),
        ("clean", [("A", ["typos"])]),
    ]


def test_what_is_asked_is_looked_up_once_for_all_models(monkeypatch):
    """On a board of 5,000 models a look at the files of tasks for each cell took a minute."""
    tree = read_tree(ROOT / "submissions")
    profile_of(tree, tree.entries[0])
    looked = []
    monkeypatch.setattr("evaluator.tasks._state", lambda folder: looked.append(folder) or ())
    profile_of(tree, tree.entries[1])
    assert looked == []


def test_the_starter_models_are_told_apart_by_what_they_rest_on():
    tree = read_tree(ROOT / "submissions")
    found = {e.submission.id: profile_of(tree, e) for e in tree.entries}
    medium, guesser = found["starter/medium"], found["baseline/majority"]
    by_task = {row["task"]: row for row in medium["rows"]}
    assert by_task["starter_classification_no_question"]["proven"]
    assert not any(row["proven"] for row in guesser["rows"])
    assert guesser["suites"]["starter"]["evidence"]["value"] == pytest.approx(0, abs=1e-9)
    (erased,) = medium["erased"]
    assert len(erased["items"]) == 8
    assert all(len(i["texts"]) == len(i["drops"]) for i in erased["items"])
    assert "".join(erased["items"][1]["texts"]) == "I cannot log in to see my jacket."
    (gap,) = gaps(tree, next(e for e in tree.entries if e.submission.id == "starter/small"))
    assert (gap["task"], gap["groups_are"]) == ("starter_classification", "languages")


def test_every_loss_stands_on_one_scale():
    one = {"title": "T", "how": "typos", "proven": True, "loss": 0.5, "low": 0.25, "high": 0.75}
    gain = one | {"proven": False, "loss": -0.1, "low": -0.25, "high": 0.05}
    found = losses([one, gain])
    assert losses([]) == {}
    assert found["zero"] == "26.0", "a quarter of the way between the ends that dots are kept from"
    assert [tick["points"] for tick in found["ticks"]] == ["\u221220", "0", "20", "40", "60"]
    assert [(line["low"], line["value"], line["high"]) for line in found["lines"]] == [
        ("50.0", "74.0", "98.0"), ("2.0", "16.4", "30.8"),
    ]  # fmt: skip
    assert [line["points"] for line in found["lines"]] == ["50.0", "\u221210.0"]
