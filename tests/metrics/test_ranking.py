"""Ranking metrics are sums by hand and scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import example, scored
from sklearn.metrics import ndcg_score

from evaluator.core.records import Items
from evaluator.metrics.choice import rank_of_gold
from evaluator.metrics.ranking import hit_at_1, hit_at_5, mrr, ndcg_at_10


def ranked(*ranks: int) -> Items:
    rank = np.array(ranks, float)
    return Items(columns={"correct": (rank == 1) * 1.0, "rank": rank}, labels=(), clusters=())


def test_a_worked_example() -> None:
    items = ranked(1, 2, 6, 20)
    assert hit_at_1.compute(items).value == 1 / 4
    assert hit_at_5.compute(items).value == 2 / 4
    assert mrr.compute(items).value == pytest.approx((1 + 1 / 2 + 1 / 6 + 1 / 20) / 4)


def test_ndcg_is_the_number_of_scikit_learn() -> None:
    scores = np.random.default_rng(2).normal(size=(50, 20))
    gold = np.zeros_like(scores)
    gold[:, 3] = 1
    ranks = (scores > scores[:, [3]]).sum(axis=1) + 1
    wanted = ndcg_score(gold, scores, k=10)
    assert ndcg_at_10.compute(ranked(*ranks.tolist())).value == pytest.approx(wanted)


def test_the_baseline_is_what_a_lot_gets() -> None:
    examples = (example(choices=tuple("abcd"), gold=(0,)),)
    assert hit_at_1.baseline(examples) == 1 / 4
    assert hit_at_5.baseline(examples) == 1
    assert mrr.baseline(examples) == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)


@given(st.lists(st.integers(2, 13), min_size=1, max_size=5))
def test_the_baseline_is_the_mean_over_all_places_among_the_candidates_of_each_item(
    sizes: list[int],
) -> None:
    """Items have as many candidates as they have: one with two is not one with thirteen."""
    examples = tuple(
        example(str(size), choices=tuple("abcdefghijklm"), candidates=tuple(range(size)), gold=(0,))
        for size in sizes
    )
    for metric in (hit_at_1, hit_at_5, mrr, ndcg_at_10):
        each = [np.mean([metric.compute(ranked(place)).value for place in range(1, size + 1)])
                for size in sizes]  # fmt: skip
        assert metric.baseline(examples) == pytest.approx(np.mean(each))
    places = [(np.eye(size), np.tile(-np.arange(size), (size, 1))) for size in sizes]
    wanted = np.mean([ndcg_score(gold, order, k=10) for gold, order in places])
    assert ndcg_at_10.baseline(examples) == pytest.approx(wanted)


def test_candidates_that_score_the_same_are_drawn_by_lot() -> None:
    asked = [example(str(i), choices=tuple("abcd"), gold=(1,)) for i in range(400)]
    ranks = [rank_of_gold(e, scored(e.id, [-1.0] * 4), len) for e in asked]
    assert np.mean(ranks) == pytest.approx(2.5, abs=0.2)
    assert rank_of_gold(asked[0], scored("0", [-3.0, -2.0, -1.0, -4.0]), len) == 2
