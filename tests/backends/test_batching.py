"""A law: how work is cut, ordered and batched moves no log-likelihood and no written text."""

from __future__ import annotations

import random
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made import fuzz
from random_models import SHOTS, VOCABULARY, alone, chosen, ending, model_of, plain, way

from evaluator.backends.ending import Ending, Written
from evaluator.backends.runner import Runner
from evaluator.backends.scoring import score_pairs
from evaluator.backends.trie import Pair, Row
from evaluator.backends.writing import write_greedily

NATS = 1e-4
few = settings(fuzz, max_examples=15)
FAMILIES = ("llama", "gemma2", "gpt2", "bloom")
"""Rotary positions, two kinds of windows, learned positions, linear biases."""


def _draw(rng: random.Random, least: int, most: int) -> Row:
    return tuple(rng.randrange(VOCABULARY) for _ in range(rng.randint(least, most)))


@cache
def stems() -> tuple[Row, ...]:
    """Contexts that share shots, passages, everything or nothing."""
    rng = random.Random(11)
    passages = [SHOTS + _draw(rng, 20, 30) for _ in range(2)]
    inside = [passage + _draw(rng, 1, 20) for passage in passages for _ in range(4)]
    return (*inside, *(SHOTS + _draw(rng, 1, 25) for _ in range(3)), *passages, _draw(rng, 1, 9))


@cache
def pairs() -> tuple[Pair, ...]:
    rng = random.Random(12)
    return tuple(Pair(stem, _draw(rng, 1, 6)) for stem in stems() for _ in range(3))


@cache
def alone_scores(family: str) -> dict[Pair, float]:
    found = {}
    for pair in pairs():
        rows = plain(model_of(family), (pair.stem + pair.cont)[:-1])[len(pair.stem) - 1 :]
        ids = torch.tensor(pair.cont)
        found[pair] = rows[torch.arange(len(ids)), ids].double().sum().item()
    return found


END: Ending = ending(most=5)


@cache
def alone_texts(family: str) -> dict[Row, Written]:
    return {stem: alone(model_of(family), stem, END) for stem in stems()}


CUTS = st.tuples(
    st.integers(0, 2**32 - 1), st.lists(st.integers(1, 20), max_size=4), st.integers(1, 300)
)
"""(seed of the order and of what is left out, sizes of calls, token budget)"""


def _cut(asked: tuple, seed: int, sizes: list[int]) -> list[list]:
    rng = random.Random(seed)
    rest = rng.sample(asked, rng.randint(1, len(asked)))
    parts = []
    for size in sizes:
        parts.append(rest[:size])
        rest = rest[size:]
    return [part for part in (*parts, rest) if part]


@pytest.mark.parametrize("family", FAMILIES)
@few
@given(CUTS, st.booleans(), st.booleans())
def test_log_likelihoods(
    family: str, cuts: tuple[int, list[int], int], fastest: bool, known: bool
) -> None:
    seed, sizes, batch_tokens = cuts
    runner = Runner(model_of(family), "cpu", batch_tokens)
    sharing = chosen(family) if fastest else way("levels")
    expected = alone_scores(family)
    with torch.inference_mode():
        for part in _cut(pairs(), seed, sizes):
            found = score_pairs(runner, sharing, part, SHOTS if known else ())
            assert found.keys() == set(part)
            assert all(abs(found[pair][0] - expected[pair]) <= NATS for pair in part)


@pytest.mark.parametrize("family", FAMILIES)
@few
@given(CUTS, st.booleans(), st.booleans())
def test_written_texts(
    family: str, cuts: tuple[int, list[int], int], fastest: bool, known: bool
) -> None:
    seed, sizes, batch_tokens = cuts
    runner = Runner(model_of(family), "cpu", batch_tokens)
    sharing = chosen(family) if fastest else way("levels")
    expected = alone_texts(family)
    with torch.inference_mode():
        for part in _cut(stems(), seed, sizes):
            found = write_greedily(runner, sharing, part, END, SHOTS if known else ())
            assert found == [expected[stem] for stem in part]
