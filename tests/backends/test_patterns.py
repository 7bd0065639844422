"""Expressions of tokenizers: those in use pass, those that may take for ever do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz

from evaluator.backends.patterns import MAX_CHARACTERS, expressions_of, why_endless

IN_USE = {
    "GPT-2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "Llama 3": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|\s*[\r\n]+|\s+",
    "by threes": r"\d{1,3}(?=(?:\d{3})*\b)",
    "BLOOM": r" ?[^(\s|[.,!?…。，、।۔،])]+",
    "two spaces": r"\s{2,}",
}


@pytest.mark.parametrize("name", IN_USE)
def test_what_tokenizers_use_is_passed(name: str) -> None:
    assert why_endless(IN_USE[name]) == ""


@pytest.mark.parametrize("pattern", [r"((a))+(b+)?", r"[(+)+]+", r"\(a+\)+", r"(a{2,5})+", "a{+"])
def test_what_only_looks_alike_is_passed(pattern: str) -> None:
    assert why_endless(pattern) == ""


@pytest.mark.parametrize("pattern", ["", "((((", "))))", "[", "a" * MAX_CHARACTERS])
def test_what_is_broken_is_left_to_the_library(pattern: str) -> None:
    assert why_endless(pattern) == ""


@fuzz
@given(st.text(alphabet="()[]{}|*+?\\^ab1,:!<i", max_size=80))
def test_any_text_has_an_answer_and_what_stands_before_mends_nothing(pattern: str) -> None:
    if why_endless(pattern):
        assert why_endless(f"x{pattern}")


def test_expressions_are_found_at_every_depth() -> None:
    said = {"pre_tokenizer": {"pretokenizers": [{"pattern": {"Regex": "a"}}, {"pattern": {}}]}}
    assert list(expressions_of(said | {"normalizer": {"pattern": {"Regex": "b"}}})) == ["a", "b"]
    assert not list(expressions_of([]))
