"""Ranking: candidates are put in order, one of them is right, and its place counts.

`columns["rank"]` holds the place from 1 of the right candidate. Candidates that score the same are
ordered by a hash of item and candidate: a model that cannot tell them apart gets what a lot gives.
"""

from __future__ import annotations

import numpy as np

from evaluator.core.records import Example, FloatArray, Items, Score
from evaluator.metrics.base import Baseline, mean_of, table_metric
from evaluator.metrics.choice import candidates


def _by_lot(gains: FloatArray, examples: tuple[Example, ...]) -> float:
    """Return what a random order expects: the mean gain over the places of each item."""
    return float(np.mean([gains[: len(candidates(e))].mean() for e in examples]))


def lot(gain: str) -> Baseline:
    """Return the baseline of a gain by place: `hit1`, `hit5`, `reciprocal` or `discount`."""

    def baseline(examples: tuple[Example, ...]) -> float:
        longest = max(len(candidates(example)) for example in examples)
        return _by_lot(GAINS[gain](np.arange(1.0, longest + 1)), examples)

    return baseline


def _hit1(rank: FloatArray) -> FloatArray:
    return np.where(rank <= 1, 1.0, 0.0)


def _hit5(rank: FloatArray) -> FloatArray:
    return np.where(rank <= 5, 1.0, 0.0)


def _reciprocal(rank: FloatArray) -> FloatArray:
    found: FloatArray = 1 / rank
    return found


def _discount(rank: FloatArray) -> FloatArray:
    found: FloatArray = np.where(rank <= 10, 1 / np.log2(1 + rank), 0.0)
    return found


GAINS = {"hit1": _hit1, "hit5": _hit5, "reciprocal": _reciprocal, "discount": _discount}


@table_metric(baseline=lot("hit1"), reads="logprobs")
def hit_at_1(items: Items) -> Score:
    """Share of items whose right candidate comes first: precision at 1.

    Range 0 to 1, higher is better (Manning et al. 2008, chapter 8). With one
    right candidate an item also the accuracy.
    """
    return mean_of(_hit1(items.columns["rank"]), proportion=True)


@table_metric(baseline=lot("hit5"), reads="logprobs")
def hit_at_5(items: Items) -> Score:
    """Share of items whose right candidate is among the first five: recall at 5.

    Range 0 to 1, higher is better (Manning et al. 2008, chapter 8). A random
    order expects 5 over the number of candidates.
    """
    return mean_of(_hit5(items.columns["rank"]), proportion=True)


@table_metric(baseline=lot("reciprocal"), reads="logprobs")
def mrr(items: Items) -> Score:
    """Mean reciprocal rank: the mean of 1 / (place of the right candidate).

    Range 0 to 1, higher is better; a random order of n candidates expects (1 + 1/2 + ... + 1/n)/n.
    Voorhees 1999, TREC-8.
    """
    return mean_of(_reciprocal(items.columns["rank"]))


@table_metric(baseline=lot("discount"), reads="logprobs")
def ndcg_at_10(items: Items) -> Score:
    """Normalised discounted cumulative gain of the first ten: 1 / log2(1 + place), 0 past them.

    Range 0 to 1, higher is better. With one right candidate an item the ideal gain is 1, so nothing
    is left to normalise. Järvelin and Kekäläinen 2002, doi 10.1145/582415.582418 (scikit-learn
    `ndcg_score`, `k=10`).
    """
    return mean_of(_discount(items.columns["rank"]))
