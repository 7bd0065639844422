"""Varied tasks keep items, order and right answers, and change the question as declared."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz

from evaluator.measure.requests import build_requests
from evaluator.tasks import load_task
from evaluator.tasks.changes.form import INSTRUCTION, add_typos
from evaluator.tasks.starter import examples_of
from evaluator.tasks.varied import vary

CLEAN = load_task("starter_choice")


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
