"""Varied tasks keep items, order and right answers, and change the question as declared."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz

from evaluator.core.errors import TaskError
from evaluator.measure.requests import build_requests, choose_shots
from evaluator.tasks import load_task
from evaluator.tasks.changes.evidence import ITEMS
from evaluator.tasks.changes.form import INSTRUCTION, add_typos
from evaluator.tasks.starter import examples_of
from evaluator.tasks.varied import vary

CLEAN = load_task("starter_choice")
TOPICS = load_task("starter_classification")


@fuzz
@given(st.text(max_size=200), st.text(max_size=8))
def test_a_typing_error_moves_letters_and_loses_none(text, seed):
    found = add_typos(text, seed)
    assert Counter(found) == Counter(text) and len(found) == len(text)
    assert [word[:1] for word in found.split()] == [word[:1] for word in text.split()]
    assert add_typos(text, seed) == found


def test_typing_errors_spare_the_names_of_a_prompts_parts():
    text = "Question: What comes after Monday, Tuesday?\nAnswer:"
    found = add_typos(text, "seed")
    assert found != text
    assert found.startswith("Question: ") and found.endswith("\nAnswer:")
    assert add_typos("Answer:", "seed") == "Answer:"


@pytest.mark.parametrize("how", ["typos", "lower", "instruction"])
def test_items_order_and_right_answers_stay(how):
    task, clean = vary(CLEAN, how), examples_of("starter_choice")
    found = task.load(lambda pin: [])
    assert (task.name, task.varies) == (f"starter_choice_{how}", "starter_choice")
    assert [(e.id, e.gold, e.choices) for e in found.test] == [
        (e.id, e.gold, e.choices) for e in clean.test
    ]
    before, after = (
        [r.prompt.text() for r in build_requests(t, e)] for t, e in ((CLEAN, clean), (task, found))
    )
    changed = sum(one != other for one, other in zip(before, after, strict=True))
    assert changed >= 0.95 * len(before)
    if how == "instruction":
        assert all(text.startswith(INSTRUCTION) for text in after)


@pytest.mark.parametrize("how", ["typos", "gender", "shots"])
def test_a_part_asks_changed_items_each_at_its_place(how):
    task, clean = vary(TOPICS, how, 20), examples_of(TOPICS.name)
    found = task.load(lambda pin: [])
    whole = {e.id: e for e in vary(TOPICS, how).load(lambda pin: []).test}
    assert len(found.test) == 20 and all(e.changed for e in found.test)
    assert [clean.test[e.place].id for e in found.test] == [e.id for e in found.test]
    assert [e.place for e in found.test] == sorted({e.place for e in found.test})
    assert all(replace(e, place=0) == whole[e.id] for e in found.test)
    assert task.columns[-2:] == ("changed", "place")
    assert (task.primary.name, [m.name for m in task.metrics]) == ("accuracy", ["accuracy"])
    before = whole if how == "shots" else {e.id: e for e in clean.test}
    pool = replace(found, test=tuple(before.values()))
    shown, whole_shown = choose_shots(task, found), choose_shots(TOPICS, pool)
    assert all(shown[group] == whole_shown[group] for group in shown)


def test_a_part_is_all_that_changes_where_there_is_less():
    changed = [e.id for e in vary(TOPICS, "gender").load(lambda pin: []).test if e.changed]
    part = vary(TOPICS, "gender", 10_000).load(lambda pin: []).test
    assert [e.id for e in part] == changed and 0 < len(changed) < 200


def test_two_changes_and_two_sizes_ask_the_same_items():
    def ids(how, items):
        return {e.id for e in vary(CLEAN, how, items).load(lambda pin: []).test}

    assert len(ids("typos", 50) & ids("lower", 50)) >= 48
    assert ids("lower", 50) < ids("lower", 60)


def test_a_part_keeps_the_metrics_of_a_choice_and_the_items_of_an_erasure():
    assert vary(CLEAN, "lower", 40).metrics == CLEAN.metrics
    few = vary(TOPICS, "erased", 40)
    assert "place" not in few.columns and few.columns == vary(TOPICS, "erased").columns
    assert len({e.cluster for e in few.load(lambda pin: []).test}) == ITEMS


def test_a_part_of_nothing_is_refused():
    with pytest.raises(TaskError, match="starter_choice: none of its items is changed"):
        vary(CLEAN, "no_passage", 40).load(lambda pin: [])
