"""Calibration errors, from sums by hand and from what a calibrated model expects."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import example as case
from hypothesis import given
from hypothesis import strategies as st
from made import example, scored
from sklearn.calibration import calibration_curve

from evaluator.core.records import Items
from evaluator.metrics.calibration import (
    accuracy_at_10,
    confidence_gap,
    confidences,
    ece,
    ece_15,
    equal_mass,
    equal_width,
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


NEAR = [float(x) for k in range(16) for x in np.nextafter(k / 15, [0, k / 15, 1])]
"""The borders of 15 bins, and the numbers next to them."""


@given(st.lists(st.sampled_from(NEAR) | st.floats(0, 1), min_size=1, max_size=40), st.randoms())
@case([11 / 15, float(np.nextafter(11 / 15, 1))], Random(0))
def test_bins_of_equal_width_are_those_of_scikit_learn_at_the_borders_too(
    confidence: list[float], lots: Random
) -> None:
    right = np.array([lots.random() < 0.5 for _ in confidence], float)
    found = np.array(confidence)
    shares, means = calibration_curve(right, found, n_bins=15, pos_label=1)
    bins = equal_width(found, 15)
    used = sorted(set(bins.tolist()))
    assert [right[bins == b].mean() for b in used] == pytest.approx(shares.tolist())
    assert [found[bins == b].mean() for b in used] == pytest.approx(means.tolist())


@given(st.lists(st.sampled_from([0.2, 0.3, 0.5, 0.8, 1.0]) | st.floats(0, 1), min_size=1),
       st.integers(1, 15))  # fmt: skip
def test_a_bin_of_equal_mass_is_that_of_the_middle_place_of_its_ties(
    confidence: list[float], bins: int
) -> None:
    places: dict[float, list[int]] = {}
    for place, value in enumerate(sorted(confidence)):
        places.setdefault(value, []).append(place)
    wanted = [
        int(Fraction(sum(places[c]) * bins, len(places[c]) * len(confidence))) for c in confidence
    ]
    assert equal_mass(np.array(confidence), bins).tolist() == wanted


@given(st.integers(1, 200), st.integers(1, 15))
def test_bins_of_equal_mass_differ_by_one_item_at_most(n: int, bins: int) -> None:
    sizes = np.bincount(equal_mass(np.linspace(0.1, 0.9, n), bins), minlength=bins)
    assert sizes.sum() == n and len(sizes) == bins
    assert sizes.max() - sizes.min() <= 1
