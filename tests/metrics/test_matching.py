from __future__ import annotations

import numpy as np
import pytest
from made import labelled
from sklearn import metrics as sk

from evaluator.core.records import Items, Metric
from evaluator.core.stats import standard_error
from evaluator.metrics.matching import auroc, average_precision, f1, precision, recall


def random_pairs(seed: int, n: int = 400, ties: bool = True) -> Items:
    rng = np.random.default_rng(seed)
    gold = (rng.random(n) < 0.4).astype(int)
    value = np.clip(rng.normal(0.42 + 0.16 * gold, 0.2), 0, 1)
    value = np.round(value, 1) if ties else value
    pred = np.where(rng.random(n) < 0.05, -1, (value > 0.5).astype(int))
    return labelled(gold, pred, 2, value)


@pytest.mark.parametrize("seed", range(5))
def test_every_metric_equals_scikit_learn(seed: int) -> None:
    items = random_pairs(seed, ties=seed % 2 == 0)
    gold, pred = items.columns["gold"], items.columns["pred"] == 1
    assert precision.compute(items).value == pytest.approx(sk.precision_score(gold, pred))
    assert recall.compute(items).value == pytest.approx(sk.recall_score(gold, pred))
    assert f1.compute(items).value == pytest.approx(sk.f1_score(gold, pred))
    assert auroc.compute(items).value == pytest.approx(
        sk.roc_auc_score(gold, items.columns["value"])
    )
    assert average_precision.compute(items).value == pytest.approx(
        sk.average_precision_score(gold, items.columns["value"])
    )


@pytest.mark.parametrize("metric", [precision, recall, f1, auroc, average_precision])
def test_standard_errors_agree_with_a_bootstrap(metric: Metric) -> None:
    items = random_pairs(9)
    rng = np.random.default_rng(10)
    values = []
    for _ in range(2000):
        at = rng.integers(0, items.n, size=items.n)
        drawn = {name: column[at] for name, column in items.columns.items()}
        values.append(metric.compute(Items(columns=drawn, labels=items.labels, clusters=())).value)
    expected = float(np.std(values))
    assert standard_error(metric.compute(items).influence) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("metric", [precision, recall, f1, auroc, average_precision])
def test_influences_sum_to_zero(metric: Metric) -> None:
    assert metric.compute(random_pairs(11)).influence.sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("metric", [precision, recall, f1, auroc, average_precision])
def test_best_and_worst_are_reached(metric: Metric) -> None:
    gold = [1, 0, 1, 0]
    assert metric.compute(labelled(gold, gold, 2, gold)).value == metric.best
    against = [1 - g for g in gold]
    last = {average_precision: 0.5}  # both matches tie at the end of a list of four
    worst = metric.compute(labelled(gold, against, 2, against)).value
    assert worst == pytest.approx(last.get(metric, metric.worst))


@pytest.mark.parametrize("metric", [precision, recall, f1])
def test_nothing_called_a_match_is_zero_without_spread(metric: Metric) -> None:
    score = metric.compute(labelled([0, 0, 0], [0, -1, 0], 2, [0.1, 0.2, 0.3]))
    assert score.value == 0
    assert not score.influence.any()


@pytest.mark.parametrize("gold", [[0, 0, 0], [1, 1, 1]])
def test_the_area_is_one_half_where_one_label_does_not_occur(gold: list[int]) -> None:
    score = auroc.compute(labelled(gold, [0, 1, 0], 2, [0.1, 0.9, 0.2]))
    assert score.value == 0.5
    assert not score.influence.any()


def test_equal_probabilities_give_the_share_of_matches() -> None:
    """Any order of them may be meant; with no match at all there is nothing to find."""
    items = labelled([0, 1, 0, 0], [1, 1, 1, 1], 2, [0.7] * 4)
    assert average_precision.compute(items).value == 0.25
    none = average_precision.compute(labelled([0, 0], [1, 0], 2, [0.9, 0.1]))
    assert none.value == 0 and not none.influence.any()


def test_equal_probabilities_are_half_right() -> None:
    assert auroc.compute(labelled([0, 1, 0, 1], [1, 1, 1, 1], 2, [0.7] * 4)).value == 0.5


def test_the_area_is_the_delong_variance() -> None:
    """Against the placements of DeLong et al. 1988, written out."""
    items = random_pairs(12, n=60)
    value, match = items.columns["value"], items.columns["gold"] == 1
    x, y = value[match], value[~match]
    wins = (x[:, None] > y) + 0.5 * (x[:, None] == y)
    m, n = wins.shape
    expected = wins.mean(axis=1).var(ddof=1) / m + wins.mean(axis=0).var(ddof=1) / n
    assert standard_error(auroc.compute(items).influence) ** 2 == pytest.approx(expected, rel=0.03)


def test_the_worked_example_of_the_docs() -> None:
    """docs/en/ranking.md: 28 complaints found, 7 called wrongly, 12 missed, 53 not called."""
    gold = [1] * 28 + [0] * 7 + [1] * 12 + [0] * 53
    items = labelled(gold, [1] * 35 + [0] * 65, 2, [0.0] * 100)
    found = [metric.compute(items).value for metric in (precision, recall, f1)]
    assert [round(value, 3) for value in found] == [0.8, 0.7, 0.747]
    assert items.columns["correct"].mean() == pytest.approx(0.81)
