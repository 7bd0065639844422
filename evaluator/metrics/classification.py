"""Classification: one of the declared labels is right.

`columns["pred"]` and `columns["gold"]` hold indices into `Items.labels`; pred -1 is an answer that
names no label. Such an answer is wrong, never left out, and never a class of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evaluator.core.records import Example, FloatArray, IntArray, Items, Score
from evaluator.metrics.base import mean_of, ratio_of, table_metric

OUT_OF_SCOPE = "out of scope"
"""The label of texts that belong to none of the other classes."""


def confusion(items: Items) -> IntArray:
    """Return the (k, k+1) counts [gold][predicted]; the last column is "no label"."""
    return _confusion(items)[0]


def _confusion(items: Items) -> tuple[IntArray, IntArray]:
    """Return the table of `confusion`, and the (n,) places of the items in it, flattened."""
    k = len(items.labels)
    pred, gold = items.columns["pred"].astype(int), items.columns["gold"].astype(int)
    cells = gold * (k + 1) + np.where(pred < 0, k, pred)
    return np.bincount(cells, minlength=k * (k + 1)).reshape(k, k + 1), cells


def per_class(table: FloatArray | IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return (k,) precision TP/(TP+FP), recall TP/(TP+FN) and F1 2TP/(2TP+FP+FN); 0/0 is 0."""
    k = len(table)
    hits = np.diag(table[:, :k]).astype(float)
    predicted = table[:, :k].sum(axis=0).astype(float)
    support = table.sum(axis=1).astype(float)

    def share(top: FloatArray, bottom: FloatArray) -> FloatArray:
        return np.divide(top, bottom, out=np.zeros(k), where=bottom > 0)

    return share(hits, predicted), share(hits, support), share(2 * hits, predicted + support)


def over_cells(items: Items, value_of: Callable[[FloatArray], float]) -> Score:
    """Score any function of the confusion table, with jackknife influences.

    Items in the same cell have the same influence `(n-1) (v - v without it)`, so the cost is one
    evaluation for each cell that occurs.
    """
    table = confusion(items).astype(float)
    value, n, k = value_of(table), items.n, len(items.labels)
    influence = np.zeros_like(table)
    for cell in zip(*np.nonzero(table), strict=True):
        table[cell] -= 1
        influence[cell] = (n - 1) * (value - value_of(table))
        table[cell] += 1
    pred = items.columns["pred"].astype(int)
    per_item = influence[items.columns["gold"].astype(int), np.where(pred < 0, k, pred)]
    return Score(value=value, influence=per_item - per_item.mean(), proportion=False)


def _class_shares(examples: tuple[Example, ...]) -> FloatArray:
    counts = np.zeros(max(len(e.choices) for e in examples))
    for example in examples:
        counts[example.gold[0]] += 1
    shares: FloatArray = counts / counts.sum()
    return shares


def majority_rate(examples: tuple[Example, ...]) -> float:
    """Accuracy of always naming the most frequent class."""
    return float(_class_shares(examples).max())


def trivial_macro_f1(examples: tuple[Example, ...]) -> float:
    """Macro-F1 of the better of two guessers: uniform over the classes, or always the largest.

    With class shares pi and k classes: `mean_c 2 pi_c/k / (pi_c + 1/k)` and
    `2 pi_max / ((1 + pi_max) k)`.
    """
    pi = _class_shares(examples)
    k = len(pi)
    uniform = float(np.mean(2 * pi / k / (pi + 1 / k)))
    majority = float(2 * pi.max() / ((1 + pi.max()) * k))
    return max(uniform, majority)


@table_metric(baseline=majority_rate)
def accuracy(items: Items) -> Score:
    """Share of items that got the right label.

    Range 0 to 1, higher is better; for single labels the same as micro precision, recall and F1.
    Reference: scikit-learn's `accuracy_score`.
    """
    return mean_of(items.columns["correct"], proportion=True)


@table_metric(baseline=trivial_macro_f1)
def macro_f1(items: Items) -> Score:
    """Mean over all declared classes of F1 = 2TP / (2TP + FP + FN).

    Range 0 to 1, higher is better; a class that is never predicted nor right counts 0. The mean of
    the classes' F1, not the F1 of mean precision and recall (scikit-learn `f1_score`,
    `average="macro"`, `labels=` all declared, `zero_division=0`).
    """
    k = len(items.labels)
    table, cells = _confusion(items)
    _, _, f1 = per_class(table)
    bottom = table[:, :k].sum(axis=0) + table.sum(axis=1)
    # influence of class c: [2 tp_i - F1 (2 tp_i + fp_i + fn_i)] / mean(2TP + FP + FN);
    # the same for all items of a cell [gold][predicted]
    weight = np.divide(items.n, bottom, out=np.zeros(k), where=bottom > 0) / k
    by_cell = 2 * np.eye(k, k + 1) * weight[:, None] - (f1 * weight)[:, None]
    by_cell[:, :k] -= f1 * weight
    return Score(value=float(f1.mean()), influence=by_cell.ravel()[cells], proportion=False)


@table_metric()
def macro_precision(items: Items) -> Score:
    """Mean over all declared classes of precision = TP / (TP + FP); 0 if never predicted.

    Range 0 to 1, higher is better (scikit-learn `precision_score`, `average="macro"`).
    """
    return over_cells(items, lambda table: float(per_class(table)[0].mean()))


@table_metric()
def macro_recall(items: Items) -> Score:
    """Mean over all declared classes of recall = TP / (TP + FN): balanced accuracy.

    Range 0 to 1, higher is better (scikit-learn `recall_score`, `average="macro"`).
    """
    return over_cells(items, lambda table: float(per_class(table)[1].mean()))


@table_metric(worst=-1.0)
def mcc(items: Items) -> Score:
    """Matthews correlation between right and predicted labels, for any number of classes.

    Range -1 to 1, 0 for any guesser, higher is better; 0 if a margin is empty. Gorodkin 2004, doi
    10.1016/j.compbiolchem.2004.09.006 (scikit-learn `matthews_corrcoef`).
    """

    def value_of(table: FloatArray) -> float:
        n, hits = table.sum(), np.trace(table[:, : len(table)])
        gold, pred = table.sum(axis=1), table.sum(axis=0)
        spread = np.sqrt((n * n - (pred**2).sum()) * (n * n - (gold**2).sum()))
        agreement = n * hits - (gold * pred[: len(table)]).sum()
        return float(agreement / spread) if spread > 0 else 0.0

    return over_cells(items, value_of)


@table_metric()
def out_of_scope_recall(items: Items) -> Score:
    """Share of the texts of no class that were labelled "out of scope": TP / (TP + FN).

    Range 0 to 1, higher is better; 0 where no text is out of scope. Larson et al. 2019, doi
    10.18653/v1/D19-1131.
    """
    at = items.labels.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in items.labels else -1
    outside = items.columns["gold"] == at
    return ratio_of(1.0 * (outside & (items.columns["pred"] == at)), 1.0 * outside)
