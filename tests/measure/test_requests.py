from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import example, fuzz, request

from evaluator.core.files import canonical_bytes
from evaluator.core.records import Example, Examples, Prompt, Request
from evaluator.measure.requests import (
    build_requests,
    choose_shots,
    describe_requests,
    sent,
)
from evaluator.tasks import load_task
from evaluator.tasks.protocol import take_items

CHOICE = replace(load_task("starter_choice"), n_shots=2)
WRITING = load_task("starter_generation")


def choice_examples(groups: tuple[str, ...] = ("", ""), pool: tuple[str, ...] = ()) -> Examples:
    return Examples(
        test=tuple(
            example(str(i), group=group, choices=("x", "y"), gold=(i % 2,))
            for i, group in enumerate(groups)
        ),
        shots=tuple(example(f"shot{i}", group=group, target="x") for i, group in enumerate(pool)),
    )


def ids(found: tuple[Example, ...]) -> list[str]:
    return [e.id for e in found]


def test_a_prompt_is_description_shots_and_question() -> None:
    prompt = Prompt(description="About.\n\n", shots=(("Q1", "A1"), ("Q2", "A2")), question="Q3")
    assert prompt.text() == "About.\n\nQ1 A1\n\nQ2 A2\n\nQ3"
    assert Prompt(description="", shots=(), question="Q").text() == "Q"


def test_choices_are_asked_item_by_item_with_one_space_before() -> None:
    requests = build_requests(CHOICE, choice_examples())
    asked = [(r.item, r.index, r.continuation) for r in requests]
    assert asked == [("0", 0, " x"), ("0", 1, " y"), ("1", 0, " x"), ("1", 1, " y")]
    assert requests[0].prompt is requests[1].prompt
    assert not any(r.generate for r in requests)


def test_a_classifier_is_asked_about_the_bare_texts_and_every_label() -> None:
    pair = example("7", texts=("a", "b"), choices=("no", "yes"), gold=(1,))
    asked = build_requests(CHOICE, Examples(test=(pair,), labels=("no", "yes")), "head")
    assert [(r.item, r.index, r.continuation) for r in asked] == [("7", 0, "no"), ("7", 1, "yes")]
    assert all(r.texts == ("a", "b") and r.prompt.text() == "" for r in asked)
    assert all(r.labels == ("no", "yes") for r in asked)


def test_bare_texts_are_part_of_what_is_sent_to_a_classifier_and_to_nobody_else() -> None:
    def hashes(*texts: str) -> list[str]:
        one = example("7", texts=texts, choices=("no", "yes"), gold=(1,))
        examples = Examples(test=(one,), labels=("no", "yes"))
        return [
            describe_requests(CHOICE, examples, build_requests(CHOICE, examples, method)).sha256
            for method in ("", "head")
        ]

    (plain, head), (other_plain, other_head) = hashes("a", "b"), hashes("a b")
    assert plain == other_plain
    assert head != other_head


def test_a_text_is_asked_once_with_its_stops() -> None:
    (asked,) = build_requests(WRITING, Examples(test=(example(),)))
    assert (asked.generate, asked.continuation) == (True, "")
    assert (asked.stop, asked.max_tokens) == (WRITING.stop, WRITING.max_tokens)


def test_choices_that_differ_in_their_context_share_what_follows() -> None:
    blank = example(
        "0", choices=("Ada", "Bo"), contexts=("Ada", "Bo"), target="won.", question="Bo", gold=(1,)
    )
    shot = example("s", question="Ann", target="lost.")
    requests = build_requests(replace(CHOICE, n_shots=1), Examples(test=(blank,), shots=(shot,)))
    assert [r.prompt.text() for r in requests] == ["Ann lost.\n\nAda", "Ann lost.\n\nBo"]
    assert [(r.index, r.continuation) for r in requests] == [(0, " won."), (1, " won.")]


def test_a_task_may_set_what_stands_between_question_and_answer() -> None:
    joined = replace(CHOICE, delimiter="", n_shots=1)
    requests = build_requests(joined, choice_examples(groups=("",), pool=("",)))
    assert requests[0].prompt.text() == "Question shot0?x\n\nQuestion 0?"
    assert [r.continuation for r in requests] == ["x", "y"]


def test_a_likelihood_task_scores_its_target_once_to_the_letter() -> None:
    last = replace(CHOICE, kind="likelihood", delimiter="", n_shots=0)
    (asked,) = build_requests(last, Examples(test=(example(question="So it", target=" goes"),)))
    assert (asked.prompt.text(), asked.continuation, asked.generate) == ("So it", " goes", False)


def test_the_hash_of_a_request_with_a_space_is_what_it_was() -> None:
    plain = sent(request())
    assert canonical_bytes(plain) == b'["0",0,false,"",[],"Question 0?"," yes",[],0]'
    joined = replace(request(), prompt=replace(request().prompt, delimiter=""))
    assert sent(joined) == [*plain, ""]


def test_shots_are_the_first_of_the_pool() -> None:
    examples = choice_examples(pool=("", "", ""))
    assert ids(choose_shots(CHOICE, examples)[""]) == ["shot0", "shot1"]


def test_a_group_with_shots_of_its_own_takes_those() -> None:
    examples = choice_examples(("a", "b"), pool=("b", "a", "b", "a", "a"))
    assert ids(choose_shots(CHOICE, examples)["a"]) == ["shot1", "shot3"]
    assert ids(choose_shots(CHOICE, examples)["b"]) == ["shot0", "shot2"]


@pytest.mark.parametrize("pool", [("a", "a", "b"), ("a", "a"), ("", "", "")])
def test_a_group_without_enough_shots_of_its_own_takes_the_pool(pool: tuple[str, ...]) -> None:
    examples = choice_examples(("a", "b"), pool=pool)
    assert ids(choose_shots(CHOICE, examples)["b"]) == ["shot0", "shot1"]


def test_everything_that_is_sent_is_in_the_hash() -> None:
    base = request(shots=(("q", "a"),), stop=("\n",), max_tokens=3)
    prompt = base.prompt
    changed: list[Request] = [
        replace(base, item="1"),
        replace(base, index=1),
        replace(base, generate=True),
        replace(base, continuation=" no"),
        replace(base, stop=()),
        replace(base, max_tokens=4),
        replace(base, prompt=replace(prompt, description="d")),
        replace(base, prompt=replace(prompt, question="other")),
        replace(base, prompt=replace(prompt, shots=(("q", "b"),))),
        replace(base, prompt=replace(prompt, shots=())),
    ]
    assert all(sent(other) != sent(base) for other in changed)
    assert sent(replace(base, prompt=replace(prompt))) == sent(base)


def test_a_request_set_tells_apart_what_is_asked_and_what_is_right() -> None:
    def identity(examples: Examples):
        return describe_requests(CHOICE, examples, build_requests(CHOICE, examples))

    base = choice_examples()
    first = identity(base)
    assert (first.n, first.requests, first.baseline) == (2, 4, 0.5)
    other_gold = Examples(test=tuple(replace(e, gold=(0,)) for e in base.test))
    assert identity(other_gold).sha256 == first.sha256
    assert identity(other_gold).gold_sha256 != first.gold_sha256
    other_id = Examples(test=(replace(base.test[0], id="z"), base.test[1]))
    assert identity(other_id).items_sha256 != first.items_sha256
    turned = Examples(test=base.test[::-1])
    assert identity(turned).sha256 != first.sha256


@fuzz
@given(st.integers(1, 60), st.integers(1, 80))
def test_a_limit_spreads_distinct_items_evenly_in_order(n: int, limit: int) -> None:
    examples = choice_examples(groups=("",) * n)
    kept = [int(e.id) for e in take_items(CHOICE, examples, limit).test]
    assert len(kept) == min(n, limit)
    assert kept == sorted(set(kept))
    assert kept[0] == 0
    steps = {b - a for a, b in itertools.pairwise(kept)}
    assert not steps or max(steps) - min(steps) <= 1
