"""Calibration: is a model as often right as it says?

Confidence is the probability of the pick: the softmax of the log-likelihoods of the choices among
which it was made. A perfectly calibrated model gets no zero: with ten bins it expects 0.108 on 100
items, 0.061 on 300, 0.033 on 1,000 and 0.011 on 10,000. So these are columns beside the index, for
300 items or more; `brier` and `log_loss` need no bins.
"""

from __future__ import annotations

import numpy as np

from evaluator.core.records import FloatArray, IntArray, Items, Score
from evaluator.metrics.base import mean_of, response_metric
from evaluator.metrics.choice import candidates, probabilities


def confidences(items: Items) -> FloatArray:
    """Return the (n,) probability of each pick among its candidates."""
    pairs = zip(items.examples, items.responses, items.columns["pred"].astype(int), strict=True)
    found = np.zeros(items.n)
    for number, (example, run, pred) in enumerate(pairs):
        among = candidates(example)
        p = probabilities(tuple(run[i] for i in among))
        found[number] = p[among.index(pred)]
    return found


def equal_mass(confidence: FloatArray, bins: int) -> IntArray:
    """Return the (n,) number of each item's bin: the same number of items in each, ties together.

    Items of the same confidence share the bin of their middle place, so that their order says
    nothing.
    """
    _, same = np.unique(confidence, return_inverse=True)
    counts = np.bincount(same)
    middle = np.cumsum(counts) - (counts + 1) / 2  # mean place from 0 of each distinct confidence
    found: IntArray = np.minimum(middle * bins // len(confidence), bins - 1).astype(np.int64)[same]
    return found


def equal_width(confidence: FloatArray, bins: int) -> IntArray:
    """Return the (n,) number of each item's bin: (0, 1/b], (1/b, 2/b], ... of confidence."""
    borders = np.linspace(0, 1, bins + 1)[1:-1]  # as scikit-learn's `calibration_curve` has them
    found: IntArray = np.searchsorted(borders, confidence)
    return found


def calibration_error(right: FloatArray, confidence: FloatArray, bins: IntArray) -> Score:
    """Return sum over bins of (share of items) x |accuracy - mean confidence|.

    The influence takes the bins as fixed and each gap's sign as known.
    """
    gaps = np.bincount(bins, weights=right - confidence)
    influence = np.sign(gaps)[bins] * (right - confidence)
    value = float(np.abs(gaps).sum() / len(right))
    return Score(value=value, influence=influence - value, proportion=False)


@response_metric(best=0.0, worst=1.0)
def ece(items: Items) -> Score:
    """Expected calibration error: gap between accuracy and confidence, ten bins of equal size.

    `sum_b (n_b/n) |accuracy_b - confidence_b|`; range 0 to 1, lower is better. Biased upward on few
    items. Items of equal confidence share a bin. Naeini et al. 2015, AAAI; equal sizes as in HELM
    `ece_10_bin`.
    """
    confidence = confidences(items)
    return calibration_error(items.columns["correct"], confidence, equal_mass(confidence, 10))


@response_metric(best=0.0, worst=1.0)
def ece_15(items: Items) -> Score:
    """Expected calibration error with 15 bins of equal width, as most papers give it.

    Range 0 to 1, lower is better. Guo et al. 2017, arXiv 1706.04599.
    """
    confidence = confidences(items)
    return calibration_error(items.columns["correct"], confidence, equal_width(confidence, 15))


@response_metric(best=0.0, worst=1.0)
def confidence_gap(items: Items) -> Score:
    """Distance between the share of right items and the mean confidence: `ece` with one bin.

    Range 0 to 1, lower is better. The same as HELM `ece_1_bin`.
    """
    bins = np.zeros(items.n, dtype=np.int64)
    return calibration_error(items.columns["correct"], confidences(items), bins)


@response_metric()
def selective_accuracy(items: Items) -> Score:
    """Accuracy when only the surest items are answered, averaged over all shares that may be.

    The mean over m = 1 ... n of the accuracy of the m surest items; range 0 to 1, higher is better.
    Items of equal confidence count as their mean in any order. HELM `selective_cov_acc_area`, there
    with an order of ties that varies; Geifman and El-Yaniv 2017, arXiv 1705.08500. The influence
    takes the order as fixed, so its error is an approximation.
    """
    confidence, right = confidences(items), items.columns["correct"]
    n = items.n
    tail = np.cumsum((1 / np.arange(1, n + 1))[::-1])[::-1]  # weight of place m: sum_{k>=m} 1/k
    order = np.argsort(-confidence, kind="stable")
    _, same = np.unique(-confidence, return_inverse=True)
    weight = np.zeros(n)
    weight[order] = tail
    shared = np.bincount(same, weights=weight) / np.bincount(same)
    return mean_of(shared[same] * right)


@response_metric()
def accuracy_at_10(items: Items) -> Score:
    """Accuracy on the tenth of the items of which the model is surest.

    Range 0 to 1, higher is better; at least one item, and where ties cross the border each tied one
    counts in part. HELM `selective_acc@10`, there over one item more.
    """
    confidence, right = confidences(items), items.columns["correct"]
    wanted = max(1, items.n // 10)
    _, same, counts = np.unique(-confidence, return_inverse=True, return_counts=True)
    before = np.cumsum(counts) - counts
    part = np.clip((wanted - before) / counts, 0.0, 1.0)[same]
    value = float((part * right).sum() / wanted)
    influence = part * (right - value) * items.n / wanted
    return Score(value=value, influence=influence, proportion=False)
