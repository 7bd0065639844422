"""What lint finds in items that were made to hold it, and in those that were not."""

from __future__ import annotations

import pytest
from made import example

from evaluator.backends.scripted import load_policy
from evaluator.core.records import Example, Examples
from evaluator.measure.lint import (
    against_chance,
    balance,
    can_be_blind,
    choice_only,
    find_duplicates,
    find_imbalance,
    heuristic,
    lint_task,
    longest,
)
from evaluator.tasks import load_task


def asked(name: str, gold: int, **more: object) -> Example:
    options = tuple("x" * (9 if i == gold else 3) + str(i) for i in range(4))
    return example(name, choices=options, gold=(gold,), **more)


def test_duplicates_are_told_apart_by_what_is_right() -> None:
    twice = tuple(example(name, question="Same?", answers=(name,)) for name in "ab")
    shown = (example("s", question="same"),)
    found = {f.name: f for f in find_duplicates(Examples(test=(*twice, example("c")), shots=shown))}
    assert found["repeated"].items == found["conflicting"].items == ("a", "b")
    assert found["shown"].items == ("s",)
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


@pytest.mark.parametrize("name", ["starter_classification", "starter_choice", "starter_generation"])
def test_the_starter_tasks_hold_no_item_twice(name: str) -> None:
    found = {finding.name: finding for finding in lint_task(load_task(name))}
    assert not found["repeated"].flagged
    assert not found["shown"].flagged


def test_a_guesser_learns_nothing_from_the_options_alone() -> None:
    task = load_task("starter_choice")
    assert can_be_blind(task)
    assert not can_be_blind(load_task("starter_matching"))
    found = choice_only(task, load_policy("random"), 100)
    assert not found.flagged
    assert found.expected == pytest.approx(0.25)
