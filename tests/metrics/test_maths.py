from __future__ import annotations

import pytest

from evaluator.metrics.maths import same_value, same_values


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("so half of it, 0.5", r"\frac{1}{2}"),
        (r"the answer is \boxed{(3,\pi/2)}", r"\left( 3, \frac{\pi}{2} \right)"),
        ("$(3,4]$", "(3,4]"),
        ("x = 5", "5"),
        (r"\boxed{x+1}. Not $7$.", "1+x"),
    ],
)
def test_equal_values_are_equal_however_written(text: str, gold: str) -> None:
    assert same_value(text, (gold,))


@pytest.mark.parametrize(
    ("text", "gold"), [("0.51", r"\frac{1}{2}"), ("$(3,4)$", "(3,4]"), ("", "5")]
)
def test_other_values_are_not(text: str, gold: str) -> None:
    assert not same_value(text, (gold,))


def test_all_parts_of_an_answer_must_be_right() -> None:
    assert same_values("5；10", ("$5$;$10$",))
    assert not same_values("5;11", ("$5$;$10$",))
    assert not same_values("10", ("$5$;$10$",))
    assert same_values(r"\frac12", ("0.5",))


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        (" (3, 4].", "(3,4]"),
        ("3 + 2x", "2x+3"),
        ("$6", r"\$6"),
        (r"\$2.50", r"\$2.50"),
        ("一样的话", "一样的话"),
    ],
)
def test_a_bare_expression_is_an_answer(text: str, gold: str) -> None:
    assert same_values(text, (gold,))
    assert not same_values("the answer", (gold,))
