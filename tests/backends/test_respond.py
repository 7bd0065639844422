"""Where a text ends, whatever backend wrote it."""

from __future__ import annotations

import pytest

from evaluator.backends.respond import cut_at


@pytest.mark.parametrize(
    ("text", "stops", "kept"),
    [
        ("a\nb;c", (";", "\n"), "a"),
        ("a\nb;c", ("\n", ";"), "a"),
        ("abc", (";",), "abc"),
        ("abc", (), "abc"),
        (";abc", (";",), ""),
        ("abcd", ("bc", "ab"), "a"),
    ],
)
def test_a_text_ends_before_the_first_of_its_stops(
    text: str, stops: tuple[str, ...], kept: str
) -> None:
    assert cut_at(text, stops) == kept
