"""Matching: do two texts match? The second of two labels is the positive one.

`columns["value"]` holds the probability of the positive label; a pair is called a match where that
label wins, so the threshold is one half and is never tuned.
"""

from __future__ import annotations

import numpy as np

from evaluator.core.records import FloatArray, Items, Score
from evaluator.metrics.base import ratio_of, table_metric


def _counts(items: Items) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return (n,) true positives, false positives and false negatives as zeros and ones."""
    said, is_match = items.columns["pred"] == 1, items.columns["gold"] == 1
    return (said & is_match) * 1.0, (said & ~is_match) * 1.0, (~said & is_match) * 1.0


def _ranks(value: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the (n,) mean and last rank of each value, from 1 up; equal values share theirs."""
    _, place, count = np.unique(value, return_inverse=True, return_counts=True)
    last = count.cumsum()
    return (last - (count - 1) / 2)[place], last[place]


@table_metric()
def precision(items: Items) -> Score:
    """Share of the pairs called a match that do match: TP / (TP + FP); 0 if none was called.

    Range 0 to 1, higher is better. Van Rijsbergen 1979, "Information retrieval", chapter 7.
    """
    tp, fp, _ = _counts(items)
    return ratio_of(tp, tp + fp)


@table_metric()
def recall(items: Items) -> Score:
    """Share of the matching pairs that were called a match: TP / (TP + FN).

    Range 0 to 1, higher is better. Van Rijsbergen 1979, "Information retrieval", chapter 7.
    """
    tp, _, fn = _counts(items)
    return ratio_of(tp, tp + fn)


@table_metric()
def f1(items: Items) -> Score:
    """Harmonic mean of precision and recall of the positive label: 2TP / (2TP + FP + FN).

    Range 0 to 1, higher is better; a guesser that always says "match" gets 2p / (1 + p) with p the
    share of matches. Van Rijsbergen 1979, "Information retrieval", chapter 7.
    """
    tp, fp, fn = _counts(items)
    return ratio_of(2 * tp, 2 * tp + fp + fn)


@table_metric(reads="logprobs")
def auroc(items: Items) -> Score:
    """Chance that a matching pair gets a higher probability than one that does not match.

    Range 0 to 1, 0.5 for any guesser, higher is better; ties count one half. Needs no threshold.
    Influence by DeLong, DeLong and Clarke-Pearson 1988, doi 10.2307/2531595; 0.5 without spread if
    one label does not occur.
    """
    value, match = items.columns["value"], items.columns["gold"] == 1
    n, positives = items.n, int(match.sum())
    negatives = n - positives
    influence = np.zeros(n)
    if positives == 0 or negatives == 0:
        return Score(value=0.5, influence=influence, proportion=False)
    ranks, _ = _ranks(value)
    above = (ranks[match] - _ranks(value[match])[0]) / negatives
    below = 1 - (ranks[~match] - _ranks(value[~match])[0]) / positives
    area = float(above.mean())
    influence[match] = (above - area) * n / positives
    influence[~match] = (below - area) * n / negatives
    return Score(value=area, influence=influence, proportion=False)


@table_metric(reads="logprobs")
def average_precision(items: Items) -> Score:
    """Mean, over the matching pairs, of the precision among all pairs that are as probable or more.

    AP = sum over thresholds of (R_n - R_(n-1)) P_n, without interpolation; equal probabilities are
    one threshold. Range 0 to 1, higher is better; a guesser gets the share of matches, and so does
    every tie of all. 0 without spread if no pair matches. Zhu 2004, "Recall, precision and average
    precision"; as scikit-learn's `average_precision_score`. Influence by the infinitesimal
    jackknife (Jaeckel 1972).
    """
    value, match = items.columns["value"], items.columns["gold"] == 1
    positives = int(match.sum())
    if positives == 0:
        return Score(value=0.0, influence=np.zeros(items.n), proportion=False)
    _, place = _ranks(-value)  # pairs that are as probable or more
    found = np.bincount(place, match, items.n + 1).cumsum()[place]  # matches among them
    precise = found / place
    area = float(precise[match].mean())
    # what each pair does to the precision at the thresholds of the matches that it stands above
    above = [
        np.bincount(place, match * each, items.n + 1)[::-1].cumsum()[::-1][place]
        for each in (1 / place, precise / place)
    ]
    influence = match * (precise - area) + match * above[0] - above[1]
    return Score(value=area, influence=influence * items.n / positives, proportion=False)
