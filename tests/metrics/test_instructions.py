"""The 25 kinds of IFEval: a text that keeps each, and texts that just do not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from made import example

from evaluator.core.records import Items, Response
from evaluator.metrics.instructions import (
    CHECKS,
    count_sentences,
    follows,
    follows_all,
    follows_loosely,
    instruction_accuracy,
    instruction_accuracy_loose,
    prompt_accuracy_loose,
)

CASES: list[tuple[str, dict[str, Any], str, tuple[str, ...]]] = [
    (
        "change_case:capital_word_frequency",
        {"capital_relation": "less than", "capital_frequency": 3},
        "A CAT sat",
        ("THE CAT SAT",),
    ),
    ("change_case:english_capital", {}, "THIS IS A TEXT IN PLAIN ENGLISH", ("This is a Text",)),
    ("change_case:english_lowercase", {}, "this is a text in plain english", ("This is a text",)),
    (
        "combination:repeat_prompt",
        {"prompt_to_repeat": "Say it. "},
        "say it. And more",
        ("And more",),
    ),
    (
        "combination:two_responses",
        {},
        "one\n******\ntwo",
        ("one", "one******one", "a******b******c", "a******  ******b"),
    ),
    (
        "detectable_content:number_placeholders",
        {"num_placeholders": 2},
        "[a] and [b]",
        ("[a] and b",),
    ),
    (
        "detectable_content:postscript",
        {"postscript_marker": "P.S."},
        "Bye.\nP.S. More",
        ("Bye. PS",),
    ),
    ("detectable_format:constrained_response", {}, "Well. My answer is no.", ("My answer is No",)),
    ("detectable_format:json_format", {}, '```json\n{"a": [1]}\n```', ("{a: 1}", "Sure: {}")),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "Section", "num_sections": 2},
        "Section 1\na\nSection 2\nb",
        ("Section 1\na", "Section one Section two"),
    ),
    (
        "detectable_format:number_bullet_lists",
        {"num_bullets": 2},
        "* a\n- b",
        ("* a", "* a\n* b\n* c", "**a**\n- b"),
    ),
    (
        "detectable_format:number_highlighted_sections",
        {"num_highlights": 2},
        "*a* and **b**",
        ("*a* and **", "*a\nb*"),
    ),
    ("detectable_format:title", {}, "<<A title>>\nText", ("<A title>", "<< >>")),
    ("keywords:existence", {"keywords": ["dog", "c++"]}, "Dogs like C++", ("dog",)),
    ("keywords:forbidden_words", {"forbidden_words": ["cat"]}, "concatenate", ("A Cat.",)),
    (
        "keywords:frequency",
        {"keyword": "la", "relation": "at least", "frequency": 2},
        "La la",
        ("la",),
    ),
    (
        "keywords:letter_frequency",
        {"letter": "q", "let_relation": "less than", "let_frequency": 2},
        "Quiet",
        ("Quite Quiet",),
    ),
    (
        "language:response_language",
        {"language": "de"},
        "Das ist ein kurzer Text auf Deutsch.",
        ("This is a short text in English.",),
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "it"},
        'One.\n\n"It, then',
        ("One.\n\nThen it", "It\n\nit\n\nit", "it"),
    ),
    (
        "length_constraints:number_paragraphs",
        {"num_paragraphs": 2},
        "a\n***\nb",
        ("a\n\nb", "a***b***c"),
    ),
    (
        "length_constraints:number_sentences",
        {"relation": "less than", "num_sentences": 3},
        "Dr. No came. He left!",
        ("One. Two. Three.",),
    ),
    (
        "length_constraints:number_words",
        {"relation": "at least", "num_words": 3},
        "one two, three",
        ("one two",),
    ),
    ("punctuation:no_comma", {}, "one; two", ("one, two",)),
    ("startend:end_checker", {"end_phrase": "The End."}, 'So. "the end."', ("The End. Or not",)),
    ("startend:quotation", {}, ' "All of it" ', ('"', '"Some" of it')),
]


def test_all_25_kinds_are_tried() -> None:
    assert [kind for kind, *_ in CASES] == sorted(CHECKS)
    assert len(CHECKS) == 25


@pytest.mark.parametrize(("kind", "told", "kept", "broken"), CASES, ids=[case[0] for case in CASES])
def test_a_text_keeps_an_instruction(
    kind: str, told: dict[str, Any], kept: str, broken: tuple[str, ...]
) -> None:
    instruction = json.dumps({"id": kind, "with": told})
    assert follows(kept, instruction)
    for text in (*broken, " \n"):
        assert not follows(text, instruction), text


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("No end", 1), ("One. Two? Three!", 3), ("It is 3.5 m. Mr. X. Y. said so.", 2),
     ("第一句。第二句！", 2), ("A list\n\nwith parts", 2)],
)  # fmt: skip
def test_sentences_end_at_their_marks(text: str, count: int) -> None:
    assert count_sentences(text) == count


def test_the_loose_form_forgives_what_a_chat_puts_around_an_answer() -> None:
    instruction = json.dumps({"id": "startend:quotation", "with": {}})
    assert not follows('Sure:\n"Said."', instruction)
    assert follows_loosely('Sure:\n"Said."', instruction)


def test_instructions_count_one_by_one_and_items_as_a_whole() -> None:
    comma = json.dumps({"id": "punctuation:no_comma", "with": {}})
    title = json.dumps({"id": "detectable_format:title", "with": {}})
    asked = (example("a", answers=(comma, title)), example("b", answers=(comma,)))
    said = ("no title", "Well,\nnone")
    items = Items(
        columns={},
        labels=(),
        clusters=(),
        examples=asked,
        responses=tuple(
            (Response(item=e.id, index=0, logprob=0.0, greedy=True, text=text, finish="stop",
                      tokens=1, dropped=0),)
            for e, text in zip(asked, said, strict=True)
        ),
    )  # fmt: skip
    assert instruction_accuracy.compute(items).value == pytest.approx(1 / 3)
    assert instruction_accuracy_loose.compute(items).value == pytest.approx(2 / 3)
    assert prompt_accuracy_loose.compute(items).value == pytest.approx(1 / 2)
    assert not follows_all(said[0], asked[0].answers)
