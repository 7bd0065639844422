"""Uncertainty: standard errors, intervals, Holm's procedure. Pure functions of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from evaluator.core.records import FloatArray

SignArray: TypeAlias = NDArray[np.int8]

Z95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""
ROWS = 256
"""Models whose differences to all others are looked at together."""


def standard_error(influence: FloatArray, clusters: Sequence[str] = ()) -> float:
    """Return the standard error of a value whose per-item influence is given.

    Independent items: `sd(u) / sqrt(n)` with n-1 in the variance. Clustered items: influences are
    summed inside clusters first and the variance is multiplied by C/(C-1), C the number of
    clusters. NaN for fewer than two items or clusters. (Miller 2024, arXiv 2411.00640.)
    """
    n = len(influence)
    sums = cluster_sums(influence[:, None], clusters)[:, 0] if clusters else influence
    c = len(sums)
    if c < 2:
        return float("nan")
    return float(np.sqrt(np.sum(np.square(sums)) * c / (c - 1)) / n)


def cluster_sums(influence: FloatArray, clusters: Sequence[str]) -> FloatArray:
    """Sum rows of (n, m) influences that share a cluster; '' stands alone. Returns (c, m)."""
    if not clusters:
        return influence
    names = [name or f"\0{i}" for i, name in enumerate(clusters)]
    _, index = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)
    sums = np.zeros((int(index.max()) + 1, influence.shape[1]))
    np.add.at(sums, index, influence)
    return sums


def wilson(value: float, n: float) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a proportion of `n` (effective) trials.

    Wilson 1927, doi 10.1080/01621459.1927.10502953.
    """
    z2 = Z95 * Z95
    middle = (value + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * np.sqrt(value * (1 - value) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low = 0.0 if value == 0 else max(0.0, middle - half)
    high = 1.0 if value == 1 else min(1.0, middle + half)
    return float(low), float(high)


def t95(units: int) -> float:
    """Return the two-sided 95 % quantile of Student's t for the mean of so many units."""
    return float(stdtrit(max(units - 1, 1), 0.975))


def interval(
    value: float, influence: FloatArray, proportion: bool, clusters: Sequence[str] = ()
) -> tuple[float, float, float]:
    """Return (standard error, low, high) at 95 %.

    Proportions: Wilson, with n divided by the design effect where items share clusters. Anything
    else: Student's t on the number of items or clusters. One item alone has no standard error and
    gets the widest interval, its value twice, since nothing can be said of its spread.
    """
    n = len(influence)
    error = standard_error(influence, clusters)
    if np.isnan(error):
        return (float("nan"), *wilson(value, n)) if proportion else (error, value, value)
    if proportion:
        plain = standard_error(influence)
        effective = n * (plain / error) ** 2 if error > 0 and plain > 0 else n
        return (error, *wilson(value, min(effective, n)))
    units = len(cluster_sums(influence[:, None], clusters))
    half = t95(units) * error
    return error, value - half, value + half


def combine(parts: Sequence[tuple[float, float, float, float]]) -> tuple[float, float, float]:
    """Return (value, low, high) of a weighted sum of independent values, from their own intervals.

    Args:
        parts: (weight, value, low, high) each; weights may be below 0, as in a difference.

    The distances of the ends add up as squares, each on the side that counts: the intervals need be
    neither symmetric nor normal (Zou and Donner 2008, doi 10.1002/sim.3095). Of one part with
    weight 1 it is the part's own; of two proportions with Wilson's intervals, Newcombe's.
    """
    value = sum(w * v for w, v, _, _ in parts)
    down = [w * (v - (low if w > 0 else high)) for w, v, low, high in parts]
    up = [w * ((high if w > 0 else low) - v) for w, v, low, high in parts]
    below, above = (float(np.sqrt(sum(d * d for d in side))) for side in (down, up))
    return value, value - below, value + above


def tell_apart(scores: FloatArray, covariance: FloatArray, alpha: float = 0.05) -> SignArray:
    """Return the (M, M) signs of the differences that the data prove.

    Entry [i, j] is 1 if model j is better than model i, -1 if it is worse, 0 if they cannot be told
    apart. The differences of one row are tested together by Holm's procedure on paired z, so that a
    row holds a wrong sign with a chance of at most `alpha`. Models that answered every item alike
    have a difference without spread and are never told apart.

    Args:
        scores: (M,) index values.
        covariance: (M, M) covariance of those values, from the items they share.
        alpha: chance that a given row is wrong.

    Sources: Holm 1979; Mogstad, Romano, Shaikh, Wilhelm, Review of Economic Studies 2024,
    doi 10.1093/restud/rdad006.
    """
    m = len(scores)
    signs = np.zeros((m, m), dtype=np.int8)
    thresholds = np.append(alpha / np.arange(m - 1, 0, -1), 0)  # the last place is the model itself
    variance = np.diag(covariance)
    for start in range(0, m, ROWS):
        rows = np.arange(start, min(start + ROWS, m))
        spread = np.sqrt(np.maximum(variance[rows, None] + variance - 2 * covariance[rows], 0))
        difference = scores - scores[rows, None]
        z = np.divide(difference, spread, out=np.zeros_like(spread), where=spread > 1e-9)
        p = 2 * ndtr(-np.abs(z))
        p[np.arange(len(rows)), rows] = 1
        steps = np.sort(p, axis=1)
        taken = np.logical_and.accumulate(steps <= thresholds, axis=1).sum(axis=1)
        last = np.where(
            taken > 0, np.take_along_axis(steps, np.maximum(taken - 1, 0)[:, None], 1)[:, 0], -1
        )
        signs[rows] = np.where(p <= last[:, None], np.sign(z), 0)
    return signs


def rank_intervals(signs: SignArray) -> tuple[list[int], list[int]]:
    """Return the best and the worst rank that the proven differences of each row allow.

    Best: 1 + models proven better. Worst: M - models proven worse.
    """
    best = 1 + (signs > 0).sum(axis=1)
    worst = len(signs) - (signs < 0).sum(axis=1)
    return best.tolist(), worst.tolist()
