from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import example, fuzz, labelled
from sklearn import metrics as sk

from evaluator.core.records import Items, Metric, Score
from evaluator.core.stats import standard_error
from evaluator.metrics.classification import (
    accuracy,
    confusion,
    macro_f1,
    macro_precision,
    macro_recall,
    majority_rate,
    mcc,
    out_of_scope_recall,
    over_cells,
    per_class,
    trivial_macro_f1,
)


def random_items(seed: int, n: int = 300, k: int = 5) -> Items:
    """Skewed classes, two of three answers right, some name no label, the last class absent."""
    rng = np.random.default_rng(seed)
    shares = np.array([0.5, 0.25, 0.15, 0.1, 0.0])[:k]
    gold = rng.choice(k, size=n, p=shares / shares.sum())
    guess = rng.integers(-1, k, size=n)
    return labelled(gold, np.where(rng.random(n) < 0.6, gold, guess), k)


def columns(items: Items) -> tuple[list[int], list[int], list[int]]:
    gold, pred = items.columns["gold"].astype(int), items.columns["pred"].astype(int)
    return gold.tolist(), pred.tolist(), list(range(len(items.labels)))


SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_metric_equals_scikit_learn(seed: int) -> None:
    items = random_items(seed)
    gold, pred, labels = columns(items)
    how = {"labels": labels, "average": "macro", "zero_division": 0}
    assert macro_f1.compute(items).value == pytest.approx(sk.f1_score(gold, pred, **how))
    assert macro_precision.compute(items).value == pytest.approx(
        sk.precision_score(gold, pred, **how)
    )
    assert macro_recall.compute(items).value == pytest.approx(sk.recall_score(gold, pred, **how))
    assert accuracy.compute(items).value == pytest.approx(sk.accuracy_score(gold, pred))
    assert mcc.compute(items).value == pytest.approx(sk.matthews_corrcoef(gold, pred))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_out_of_scope_has_the_recall_of_its_own_label(seed: int) -> None:
    items = random_items(seed)
    gold, pred, _ = columns(items)
    known = sk.recall_score(gold, pred, labels=[2], average="macro", zero_division=0)
    at_two = replace(items, labels=("a", "b", "out of scope", "d", "e"))
    assert out_of_scope_recall.compute(at_two).value == pytest.approx(known)
    assert out_of_scope_recall.compute(items).value == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_per_class_numbers_equal_scikit_learn(seed: int) -> None:
    items = random_items(seed)
    gold, pred, labels = columns(items)
    expected = sk.precision_recall_fscore_support(gold, pred, labels=labels, zero_division=0)
    for ours, theirs in zip(per_class(confusion(items)), expected[:3], strict=True):
        assert ours == pytest.approx(theirs)


def test_the_confusion_table_has_a_last_column_for_no_label() -> None:
    items = labelled([0, 0, 1, 1, 2], [0, -1, 1, 0, -1], 3)
    assert confusion(items).tolist() == [[1, 0, 0, 1], [1, 1, 0, 0], [0, 0, 0, 1]]


@fuzz
@given(st.integers(1, 4).flatmap(
    lambda k: st.tuples(
        st.just(k),
        st.lists(st.tuples(st.integers(0, k - 1), st.integers(-1, k - 1)), min_size=1, max_size=30),
    )
))  # fmt: skip
def test_metrics_stay_in_range_with_influences_that_sum_to_zero(
    drawn: tuple[int, list[tuple[int, int]]],
) -> None:
    k, pairs = drawn
    items = labelled([g for g, _ in pairs], [p for _, p in pairs], k)
    for metric in (accuracy, macro_f1, macro_precision, macro_recall, mcc):
        score = metric.compute(items)
        assert metric.worst - 1e-12 <= score.value <= metric.best + 1e-12
        assert np.isfinite(score.influence).all()
        assert score.influence.sum() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("metric", [accuracy, macro_f1, macro_precision, macro_recall, mcc])
def test_best_and_worst_are_reached(metric: Metric) -> None:
    assert metric.compute(labelled([0, 1, 0, 1], [0, 1, 0, 1], 2)).value == metric.best
    assert metric.compute(labelled([0, 1, 0, 1], [1, 0, 1, 0], 2)).value == metric.worst


def test_jackknife_influences_of_a_mean_are_its_deviations() -> None:
    items = random_items(13)
    share = over_cells(items, lambda table: float(np.trace(table) / table.sum()))
    assert share.influence == pytest.approx(accuracy.compute(items).influence, abs=1e-9)


def bootstrap_error(metric: Metric, items: Items, draws: int = 2000) -> float:
    rng = np.random.default_rng(6)
    values = []
    for _ in range(draws):
        at = rng.integers(0, items.n, size=items.n)
        drawn = {name: column[at] for name, column in items.columns.items()}
        values.append(metric.compute(Items(columns=drawn, labels=items.labels, clusters=())).value)
    return float(np.std(values))


@pytest.mark.parametrize("metric", [macro_f1, macro_precision, macro_recall, mcc])
def test_standard_errors_agree_with_a_bootstrap(metric: Metric) -> None:
    items = random_items(7, n=400, k=4)
    score: Score = metric.compute(items)
    assert standard_error(score.influence) == pytest.approx(
        bootstrap_error(metric, items), rel=0.05
    )


# --- baselines ---


def gold_examples(counts: list[int]) -> tuple:
    choices = tuple(f"label{i}" for i in range(len(counts)))
    golds = [label for label, count in enumerate(counts) for _ in range(count)]
    return tuple(example(str(i), choices=choices, gold=(g,)) for i, g in enumerate(golds))


def test_the_majority_rate_is_what_the_largest_class_gets() -> None:
    examples = gold_examples([5, 12, 3])
    gold = [e.gold[0] for e in examples]
    assert majority_rate(examples) == accuracy.compute(labelled(gold, [1] * 20, 3)).value == 0.6


@pytest.mark.parametrize("counts", [[5, 12, 3], [10, 10], [97, 1, 1, 1], [20, 5, 0]])
def test_the_trivial_macro_f1_is_what_trivial_guessers_get(counts: list[int]) -> None:
    k, times = len(counts), 400
    gold = np.repeat(np.arange(k), np.array(counts) * times)
    guesses = np.random.default_rng(8).integers(0, k, size=len(gold))
    uniform = macro_f1.compute(labelled(gold, guesses, k)).value
    largest = np.full(len(gold), int(np.argmax(counts)))
    majority = macro_f1.compute(labelled(gold, largest, k)).value
    assert trivial_macro_f1(gold_examples(counts)) == pytest.approx(
        max(uniform, majority), abs=0.01
    )
