"""Calibration errors, from sums by hand and from what a calibrated model expects."""

from __future__ import annotations

import numpy as np
import pytest
from made import example, scored

from evaluator.core.records import Items
from evaluator.metrics.calibration import (
    accuracy_at_10,
    confidence_gap,
    confidences,
    ece,
    ece_15,
    equal_mass,
    selective_accuracy,
)


def items_of(confidence: np.ndarray, right: np.ndarray) -> Items:
    """Items with two choices, the first one picked with these probabilities."""
    pairs = enumerate(zip(confidence, right, strict=True))
    asked = [
        (example(str(i), choices=("a", "b"), gold=(int(1 - r),)),
         scored(str(i), [float(np.log(c)), float(np.log1p(-c))]))
        for i, (c, r) in pairs
    ]  # fmt: skip
    return Items(
        columns={"correct": right.astype(float), "pred": np.zeros(len(right))},
        labels=(),
        clusters=(),
        examples=tuple(e for e, _ in asked),
        responses=tuple(r for _, r in asked),
    )


def test_a_worked_example() -> None:
    items = items_of(np.array([0.9, 0.9, 0.6, 0.6]), np.array([1, 1, 1, 0]))
    assert confidences(items) == pytest.approx([0.9, 0.9, 0.6, 0.6])
    assert ece.compute(items).value == pytest.approx(0.5 * 0.1 + 0.5 * 0.1)
    assert ece_15.compute(items).value == pytest.approx(0.1)
    assert confidence_gap.compute(items).value == pytest.approx(0.0)
    assert accuracy_at_10.compute(items).value == 1
    assert selective_accuracy.compute(items).value == pytest.approx((1 + 1 + (2.5 / 3) + 0.75) / 4)


@pytest.mark.parametrize(("n", "expected"), [(300, 0.061), (1000, 0.033)])
def test_a_calibrated_model_gets_what_the_page_says(n: int, expected: float) -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(20):
        confidence = rng.uniform(0.5, 1, size=n)
        right = rng.uniform(size=n) < confidence
        found.append(ece.compute(items_of(confidence, right)).value)
    assert np.mean(found) == pytest.approx(expected, rel=0.25)


def test_bins_hold_the_same_number_and_ties_stay_together() -> None:
    assert np.bincount(equal_mass(np.linspace(0.1, 0.9, 100), 10)).tolist() == [10] * 10
    assert len(set(equal_mass(np.full(100, 0.5), 10).tolist())) == 1
