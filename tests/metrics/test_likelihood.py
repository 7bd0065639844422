from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz

from evaluator.core.records import Items
from evaluator.metrics.likelihood import greedy_match, perplexity


def items(correct: list[float], value: list[float]) -> Items:
    columns = {"correct": np.array(correct), "value": np.array(value)}
    return Items(columns=columns, labels=(), clusters=())


def test_greedy_match_is_the_share_of_greedy_items() -> None:
    found = greedy_match.compute(items([1, 0, 0, 1], [-0.1, -5, -3, -0.2]))
    assert found.value == 0.5
    assert found.proportion


def test_perplexity_is_the_inverse_of_the_geometric_mean_probability() -> None:
    found = perplexity.compute(items([1, 1], [np.log(1 / 2), np.log(1 / 8)]))
    assert found.value == pytest.approx(4.0)
    assert perplexity.compute(items([1], [0.0])).value == perplexity.best == 1.0


@fuzz
@given(st.lists(st.floats(-30, 0), min_size=2, max_size=20), st.integers(0, 19))
def test_the_influence_of_an_item_is_its_pull_on_perplexity(logprobs: list[float], at: int) -> None:
    at %= len(logprobs)
    base = perplexity.compute(items([0.0] * len(logprobs), logprobs))
    assert base.influence.mean() == pytest.approx(0, abs=1e-6 * base.value)
    heavier = np.array(logprobs)
    weight = 1e-6  # the derivative along a little more weight on one item
    mean = (1 - weight) * heavier.mean() + weight * heavier[at]
    assert (np.exp(-mean) - base.value) / weight == pytest.approx(
        base.influence[at], rel=1e-3, abs=1e-3 * base.value
    )
