"""What lint finds in items that were made to hold it, and in those that were not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import ROOT
from made import example
from pytest import MonkeyPatch

from evaluator import tasks
from evaluator.backends.scripted import load_policy
from evaluator.core.records import Example, Examples
from evaluator.measure.lint import (
    Finding,
    against_chance,
    balance,
    can_be_blind,
    choice_only,
    count,
    find_duplicates,
    find_imbalance,
    heuristic,
    lint_task,
    longest,
    options_of,
    to_json,
    write_findings,
)
from evaluator.tasks import findings_of, load_task, lockable


def asked(name: str, gold: int, **more: object) -> Example:
    options = tuple("x" * (9 if i == gold else 3) + str(i) for i in range(4))
    return example(name, choices=options, gold=(gold,), **more)


def test_duplicates_are_told_apart_by_what_is_right() -> None:
    twice = tuple(example(name, question="Same?", answers=(name,)) for name in "ab")
    shots = (example("s", question="same?"), example("t", question="same"))
    found = {f.name: f for f in find_duplicates(Examples(test=(*twice, example("c")), shots=shots))}
    assert found["repeated"].items == found["conflicting"].items == ("a", "b")
    assert found["shown"].items == ("s",)
    assert found["nearly-shown"].items == ("t",)
    assert (found["near"].value, found["near"].flagged) == (0, False)


def test_an_even_spread_is_likely_and_a_skewed_one_is_not() -> None:
    assert not balance("labels", [0, 1, 2, 3] * 20, 4).flagged
    assert balance("labels", [0] * 60 + [1, 2, 3] * 5, 4).flagged
    skewed = Examples(test=tuple(asked(str(i), 0) for i in range(40)))
    (places,) = find_imbalance(skewed)
    assert (places.name, places.flagged) == ("places", True)


def test_a_rule_that_reads_no_question_is_told_if_it_beats_chance() -> None:
    items = [asked(str(i), i % 4) for i in range(40)]
    found = heuristic("longest", items, longest)
    assert (found.value, found.expected, found.flagged) == (1.0, 0.25, True)
    first = heuristic("first", items, lambda e: 0)
    assert (first.value, first.flagged) == (0.25, False)
    assert not against_chance("first", 0.3, tuple(items)).flagged


def test_the_longest_option_is_read_where_the_question_spells_it_out() -> None:
    lettered = {"choices": ("A", "B"), "gold": (1,)}
    asked = example("a", question="Which?\nA. short\nB. much longer\nAnswer:", **lettered)
    assert (options_of(asked), longest(asked)) == (("short", "much longer"), 1)
    bracketed = example("b", question="Which?\n(A) one\n(B) other\n", choices=("(A)", "(B)"))
    assert options_of(bracketed) == ("one", "other")
    assert options_of(example("c", question="Which? A. short B. longer", **lettered)) == ()


@pytest.mark.parametrize("name", ["starter_classification", "starter_choice", "starter_generation"])
def test_the_starter_tasks_hold_no_item_twice(name: str) -> None:
    found = {finding.name: finding for finding in lint_task(load_task(name))}
    assert not found["repeated"].flagged
    assert not found["shown"].flagged


def test_a_guesser_learns_nothing_from_the_options_alone() -> None:
    task = load_task("starter_choice")
    assert can_be_blind(task)
    assert not can_be_blind(load_task("starter_matching"))
    found = choice_only(task, load_policy("random"), 100, "baseline/random")
    assert (found.flagged, found.model) == (False, "baseline/random")
    assert found.expected == pytest.approx(0.25)


def test_every_locked_task_was_looked_at_since_it_last_changed() -> None:
    unseen = [name for name in lockable() if findings_of(name) is None]
    assert not unseen, "run `evaluator tasks lint --write`"


QUICK = ("starter_choice", "starter_matching", "winogrande", "truthfulqa", "math500")


@pytest.mark.parametrize(
    "name",
    [*QUICK, *(pytest.param(n, marks=pytest.mark.heavy) for n in lockable() if n not in QUICK)],
)
def test_the_findings_that_are_kept_are_those_of_the_items(name: str) -> None:
    kept = [row for row in findings_of(name) or () if "model" not in row]
    assert kept == to_json(lint_task(load_task(name)))


def test_findings_are_kept_until_the_items_change(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_beside", lambda name, file: tmp_path / file)
    (tmp_path / "lock.json").write_bytes((ROOT / "evaluator/tasks/lock.json").read_bytes())
    assert findings_of("starter_choice") is None
    found = [count("near", ["a"])]
    write_findings({"starter_choice": [*found, against_model(0.5, "org/one")]})
    write_findings({"starter_choice": [*found, against_model(0.6, "org/two")]})
    write_findings({"starter_matching": [count("near", [])]})
    kept = findings_of("starter_choice") or []
    assert [(row["name"], row.get("model"), row["value"]) for row in kept] == [
        ("near", None, 1.0), ("choice-only", "org/two", 0.6), ("choice-only", "org/one", 0.5),
    ]  # fmt: skip
    lock = json.loads((tmp_path / "lock.json").read_text())
    lock["tasks"]["starter_choice"]["board"]["clean"]["sha256"] = "0" * 64
    (tmp_path / "lock.json").write_text(json.dumps(lock))
    assert findings_of("starter_choice") is None
    assert findings_of("starter_matching") is not None


def against_model(value: float, model: str) -> Finding:
    return Finding(name="choice-only", flagged=False, value=value, expected=0.25, model=model)
