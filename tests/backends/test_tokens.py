from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz

from evaluator.backends.tokens import (
    common_length,
    cut_left,
    encode_pair,
    token_logprobs,
)

IDS = st.lists(st.integers(0, 3), max_size=8)


def letters(text: str, special: bool) -> list[int]:
    """One id a letter, 1 before all of them if special ones are asked for."""
    return [1] * special + [ord(letter) for letter in text]


def merged(text: str, special: bool) -> list[int]:
    """As `letters`, but 'a b' is one token: the cut falls inside it."""
    return letters(text.replace("a b", "#"), special)


def test_a_pair_is_cut_where_the_context_ends() -> None:
    assert encode_pair(letters, "Q:", " yes", 0) == (letters("Q:", True), letters(" yes", False))


@pytest.mark.parametrize("space", [" ", "\n", " \n\t "])
def test_white_space_at_the_end_of_a_context_moves_to_the_answer(space: str) -> None:
    ctx, cont = encode_pair(letters, f"Q:{space}", "yes", 0)
    assert ctx == letters("Q:", True)
    assert cont == letters(f"{space}yes", False)


def test_a_pair_is_encoded_as_a_whole_and_cut_by_the_length_of_its_context() -> None:
    ctx, cont = encode_pair(merged, "xa", " by", 0)
    assert ctx == letters("xa", True)
    assert cont == letters("y", False)


def test_an_empty_context_becomes_the_first_token_once() -> None:
    assert encode_pair(letters, "", "yes", 7) == ([7], letters("yes", False))
    doubled = encode_pair(lambda text, special: [7, 8, 9], "", "yes", 7)
    assert doubled == ([7], [8, 9])


@fuzz
@given(IDS, st.integers(1, 10))
def test_cutting_keeps_the_right_end_and_counts_the_rest(ids: list[int], longest: int) -> None:
    kept, dropped = cut_left(ids, longest)
    assert ids[dropped:] == kept
    assert len(kept) == min(len(ids), longest)
    assert dropped + len(kept) == len(ids)


@fuzz
@given(IDS, IDS)
def test_what_two_rows_share_is_the_longest_common_beginning(a: list[int], b: list[int]) -> None:
    n = common_length(a, b)
    assert a[:n] == b[:n]
    assert min(len(a), len(b)) == n or a[n] != b[n]
    assert n == common_length(b, a) == common_length(tuple(a), tuple(b))


def test_log_probabilities_are_taken_in_fp32_of_the_chosen_rows() -> None:
    logits = torch.tensor([[0.0, math.log(3.0)], [5.0, 5.0]], dtype=torch.float64)
    logprobs, greedy = token_logprobs(logits, torch.tensor([0, 0, 1]), torch.tensor([0, 1, 0]))
    assert logprobs.dtype == torch.float32
    assert logprobs.tolist() == pytest.approx([math.log(1 / 4), math.log(3 / 4), math.log(1 / 2)])
    assert greedy.tolist() == [False, True, True]


def test_half_precision_logits_lose_nothing_after_the_projection() -> None:
    rows = torch.randn(3, 50, generator=torch.Generator().manual_seed(1)).to(torch.bfloat16)
    found, _ = token_logprobs(rows, torch.arange(3), torch.tensor([4, 5, 6]))
    expected = rows.float().log_softmax(-1)[torch.arange(3), torch.tensor([4, 5, 6])]
    assert torch.allclose(found, expected, atol=1e-6)


def test_huge_logits_stay_finite() -> None:
    logprobs, _ = token_logprobs(torch.tensor([[1e4, -1e4]]), torch.tensor([0]), torch.tensor([1]))
    assert logprobs.tolist() == [-20000.0]
