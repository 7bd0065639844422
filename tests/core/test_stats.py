from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz
from scipy import stats as scipy_stats

from evaluator.core.stats import (
    cluster_sums,
    interval,
    rank_intervals,
    standard_error,
    tell_apart,
    wilson,
)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # Newcombe 1998, table I, method 3 (score interval without continuity correction)
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits / n, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_agrees_with_scipy() -> None:
    for n in (1, 2, 7, 50, 1000):
        for hits in {0, 1, n // 3, n - 1, n}:
            expected = scipy_stats.binomtest(hits, n).proportion_ci(method="wilson")
            assert wilson(hits / n, n) == pytest.approx(tuple(expected), abs=1e-12)


def test_wilson_ends_are_exact_at_none_and_all() -> None:
    assert wilson(0.0, 10)[0] == 0.0
    assert wilson(1.0, 10)[1] == 1.0


def test_the_standard_error_of_a_mean_is_the_textbook_one() -> None:
    values = np.random.default_rng(1).normal(size=57)
    expected = values.std(ddof=1) / math.sqrt(57)
    assert standard_error(values - values.mean()) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_items_or_clusters_have_no_standard_error(n: int) -> None:
    assert math.isnan(standard_error(np.zeros(n)))
    assert math.isnan(standard_error(np.zeros(4), ["a"] * 4))


def test_clustered_standard_errors_equal_the_double_sum() -> None:
    rng = np.random.default_rng(2)
    u = rng.normal(size=30)
    u -= u.mean()
    clusters = [str(i) for i in rng.integers(0, 9, size=30)]
    clusters[3] = clusters[11] = ""
    names = [c or f"alone{i}" for i, c in enumerate(clusters)]
    c = len(set(names))
    total = sum(
        u[i] * u[j] for i, j in itertools.product(range(30), repeat=2) if names[i] == names[j]
    )
    assert standard_error(u, clusters) == pytest.approx(math.sqrt(total * c / (c - 1)) / 30)


def test_clusters_of_one_item_change_nothing() -> None:
    u = np.random.default_rng(3).normal(size=20)
    u -= u.mean()
    assert standard_error(u, [str(i) for i in range(20)]) == pytest.approx(standard_error(u))
    assert standard_error(u, [""] * 20) == pytest.approx(standard_error(u))


def test_cluster_sums_keep_the_total_of_every_column() -> None:
    rows = np.arange(12.0).reshape(6, 2)
    sums = cluster_sums(rows, ["a", "b", "a", "", "", "b"])
    assert sums.shape == (4, 2)
    assert sums.sum(axis=0).tolist() == rows.sum(axis=0).tolist()
    assert sorted(sums[:, 0].tolist()) == [4.0, 6.0, 8.0, 12.0]


def test_a_proportion_gets_wilson_and_clusters_widen_it() -> None:
    correct = np.array([1.0] * 30 + [0.0] * 20)
    plain = interval(0.6, correct - 0.6, True)
    assert plain[1:] == wilson(0.6, 50)
    together = interval(0.6, correct - 0.6, True, [str(i // 5) for i in range(50)])
    assert together[0] > plain[0]
    assert together[1] < plain[1] < plain[2] < together[2]


def test_other_values_get_students_t_on_items_or_clusters() -> None:
    u = np.array([-1.0, 0.5, 0.5, 0.0])
    error, low, high = interval(2.0, u, False)
    half = scipy_stats.t.ppf(0.975, 3) * u.std(ddof=1) / 2
    assert (error, low, high) == pytest.approx((u.std(ddof=1) / 2, 2 - half, 2 + half))
    error, low, high = interval(2.0, u, False, ["a", "a", "b", "b"])
    assert (high - low) / 2 == pytest.approx(scipy_stats.t.ppf(0.975, 1) * error)


def test_one_item_alone_has_no_spread_to_tell() -> None:
    error, low, high = interval(1.0, np.zeros(1), True)
    assert math.isnan(error)
    assert (low, high) == wilson(1.0, 1)
    error, low, high = interval(0.3, np.zeros(1), False)
    assert math.isnan(error)
    assert (low, high) == (0.3, 0.3)


# --- telling models apart ---


def naive_signs(scores: list[float], covariance: np.ndarray, alpha: float) -> list[list[int]]:
    """Holm's procedure row by row, as the paper writes it."""
    m = len(scores)
    signs = [[0] * m for _ in range(m)]
    for i in range(m):
        tests = []
        for j in range(m):
            variance = covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]
            if i != j:
                z = (scores[j] - scores[i]) / math.sqrt(variance) if variance > 1e-18 else 0.0
                tests.append((math.erfc(abs(z) / math.sqrt(2)), j, z))
        for step, (p, j, z) in enumerate(sorted(tests)):
            if p > alpha / (m - 1 - step):
                break
            signs[i][j] = (z > 0) - (z < 0)
    return signs


@st.composite
def boards(draw: st.DrawFn) -> tuple[list[float], np.ndarray]:
    m = draw(st.integers(2, 7))
    n = draw(st.sampled_from([5, 40, 200]))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    answers = (rng.random((n, m)) < rng.random(m)).astype(float)
    if draw(st.booleans()):
        answers[:, -1] = answers[:, 0]
    u = answers - answers.mean(axis=0)
    return answers.mean(axis=0).tolist(), u.T @ u / (n * (n - 1))


@fuzz
@given(boards())
def test_models_are_told_apart_as_by_holms_paper(board: tuple[list[float], np.ndarray]) -> None:
    scores, covariance = board
    expected = naive_signs(scores, covariance, 0.05)
    assert tell_apart(np.array(scores), covariance).tolist() == expected


@fuzz
@given(boards(), st.randoms(use_true_random=False))
def test_the_order_of_the_models_changes_no_verdict(board: tuple, random) -> None:
    scores, covariance = np.array(board[0]), board[1]
    order = list(range(len(scores)))
    random.shuffle(order)
    signs = tell_apart(scores, covariance)
    moved = tell_apart(scores[order], covariance[np.ix_(order, order)])
    assert moved.tolist() == signs[np.ix_(order, order)].tolist()


@fuzz
@given(boards())
def test_no_two_verdicts_contradict_each_other(board: tuple[list[float], np.ndarray]) -> None:
    signs = tell_apart(np.array(board[0]), board[1])
    assert not np.any(signs * signs.T > 0)
    assert not np.diag(signs).any()
    if len(signs) == 2:
        assert signs[0, 1] == -signs[1, 0]


@fuzz
@given(boards())
def test_models_that_answered_alike_are_never_told_apart(
    board: tuple[list[float], np.ndarray],
) -> None:
    scores, covariance = board
    twice = [*range(len(scores)), 0]
    signs = tell_apart(np.array(scores)[twice], covariance[np.ix_(twice, twice)])
    assert signs[0, -1] == signs[-1, 0] == 0


def test_far_apart_models_are_told_apart_in_the_right_direction() -> None:
    signs = tell_apart(np.array([0.9, 0.1]), np.diag([1e-4, 1e-4]))
    assert signs.tolist() == [[0, -1], [1, 0]]


def test_one_model_alone_has_the_first_rank() -> None:
    signs = tell_apart(np.array([0.5]), np.array([[0.1]]))
    assert rank_intervals(signs) == ([1], [1])


def test_rank_intervals_count_proven_betters_and_worses() -> None:
    signs = np.array([[0, -1, -1], [1, 0, 0], [1, 0, 0]])
    assert rank_intervals(signs) == ([1, 2, 2], [1, 3, 3])
    assert rank_intervals(np.zeros((3, 3), dtype=np.int64)) == ([1, 1, 1], [3, 3, 3])
