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
    "GPT-4o": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lo}]*[\p{Ll}\p{Lo}]+(?i:'s|'t|'re)?|\p{N}{1,3}|\s+",
    "phi-4": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|\s++$|\s",
    "DeepSeek-V3": r"[!-/:-~][A-Za-z]+|[^\r\n\p{L}\p{P}]?[\p{L}\p{M}]+| ?\p{P}+[\r\n]*|\s+(?!\S)",
    "Qwen": r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+",
    "CLIP": r"<\|startoftext\|>|'s|'t|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    "Kimi": r"[\p{Han}]+|[\p{Lu}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{M}&&[^\p{Han}]]+(?i:'s|'t)?",
    "by threes": r"\d{1,3}(?=(?:\d{3})*\b)",
    "BLOOM": r" ?[^(\s|[.,!?…。，、।۔،])]+",
    "two spaces": r"\s{2,}",
}


@pytest.mark.parametrize("name", IN_USE)
def test_what_tokenizers_use_is_passed(name: str) -> None:
    assert why_endless(IN_USE[name]) == ""


@pytest.mark.parametrize(
    "pattern", [r"((a))+(b+)?", r"[(+)+]+", r"\(a+\)+", r"(a{2})+", "a{+", "(a{x,y})+"]
)
def test_what_only_looks_alike_is_passed(pattern: str) -> None:
    assert why_endless(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    [
        "(a|a)*",
        "(a|ab)*c",
        "(a?)+",
        "(a{1,2})*",
        "(a{,2})*",
        "((?=a*b)a)*",
        "(a|a){30}",
        "(?:a|b)++",
    ],
)
def test_what_can_be_cut_in_many_ways_is_not_repeated(pattern: str) -> None:
    assert why_endless(pattern).startswith("repeats what matches in more than one way: (")


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
