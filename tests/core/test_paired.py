"""Tests of a difference: against scipy, full enumeration and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz
from scipy import stats

from evaluator.core.paired import (
    EXACT_UNITS,
    holm,
    mcnemar,
    share_interval,
    sign_flip,
    smallest_difference,
)


def all_patterns(d):
    sums = np.zeros(1)
    for size in np.abs(d):
        sums = np.concatenate([sums + size, sums - size])
    return float(np.mean(np.abs(sums) >= abs(d.sum()) - 1e-9))


counts = st.integers(0, 400)


@fuzz
@given(counts, counts)
def test_mcnemar_is_the_binomial_test_of_one_half(b, c):
    wanted = stats.binomtest(b, b + c, 0.5).pvalue if b + c else 1.0
    assert mcnemar(b, c) == pytest.approx(wanted, rel=1e-9)
    assert mcnemar(b, c) == mcnemar(c, b)


@fuzz
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=EXACT_UNITS))
def test_few_units_are_counted_out(values):
    d = np.round(np.array(values), 3)
    p, how = sign_flip(d)
    assert how == "exact"
    assert p == pytest.approx(all_patterns(d), abs=1e-12)
    assert p == sign_flip(-d)[0]


def test_scipy_counts_the_same():
    d = np.array([0.3, -0.1, 0.8, 0.4, 0.2, -0.35, 0.9, 0.05])
    wanted = stats.permutation_test((d, np.zeros(8)), lambda a, b: np.sum(a - b),
                                    permutation_type="samples", n_resamples=np.inf)  # fmt: skip
    assert sign_flip(d)[0] == pytest.approx(wanted.pvalue)


@pytest.mark.parametrize("shift", [0.0, 0.2, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("units", [17, 20])
def test_the_saddlepoint_stands_for_full_enumeration(units, shift):
    d = np.random.default_rng(units).normal(shift, 1, units)
    p, how = sign_flip(d)
    assert how == "saddlepoint"
    few_patterns = 16 * 2.0**-units  # past here the true p itself moves in steps
    assert p == pytest.approx(all_patterns(d), rel=0.04, abs=few_patterns)


def test_the_saddlepoint_at_its_ends():
    same = np.full(40, 0.7)
    assert sign_flip(same)[0] == pytest.approx(2.0**-39)
    assert sign_flip(np.array([1.0, -1.0] * 20))[0] == 1.0
    assert sign_flip(np.zeros(50))[0] == 1.0
    far = np.random.default_rng(1).normal(3, 1, 5000)
    assert 0 <= sign_flip(far)[0] < 1e-12


@pytest.mark.parametrize("units", [20, 1000])
@pytest.mark.parametrize("deviations", [2e-6, 1e-5, 1e-4, 5e-4, 2e-3])
def test_the_saddlepoint_is_the_normal_tail_where_its_poles_cancel(units, deviations):
    """Nearly no difference: two huge terms cancel, and a p of -36 would come out."""
    d = np.random.default_rng(1).uniform(0.5, 1, units)
    d[::2] *= -1
    d[-1] = 0
    d[-1] = deviations * np.sqrt(np.sum(d * d)) - d.sum()
    z = d.sum() / np.sqrt(np.sum(d * d))
    assert sign_flip(d)[0] == pytest.approx(2 * stats.norm.sf(z), rel=1e-4)


@pytest.mark.parametrize("chance", [0.02, 0.2])
@pytest.mark.parametrize("lead", [0.0, 0.02])
def test_the_interval_of_a_paired_difference_covers_it(chance, lead):
    """Agresti and Min's interval holds the truth at least 94 % of the time, also near the edge."""
    rng = np.random.default_rng(5)
    n, drawn = 150, 4000
    table = rng.multinomial(n, [chance + lead, chance, 1 - 2 * chance - lead], size=drawn)
    ends = np.array([share_interval(int(b), int(c), n) for b, c, _ in table])
    assert np.mean((ends[:, 0] <= lead) & (lead <= ends[:, 1])) >= 0.94


def test_half_an_item_is_added_to_each_cell_of_the_table():
    low, high = share_interval(30, 10, 100)
    assert (low + high) / 2 == pytest.approx(20 / 102)
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(41 - 400 / 102) / 102, rel=1e-4)


def test_the_interval_is_never_empty_and_stays_in_range():
    assert share_interval(0, 0, 100)[0] < 0 < share_interval(0, 0, 100)[1]
    low, high = share_interval(100, 0, 100)
    assert low > 0.9 and high == 1.0


def test_the_smallest_difference_is_found_four_times_in_five():
    rng = np.random.default_rng(8)
    n, discordant = 1000, 0.2
    d = np.zeros(n)
    d[:200:2], d[1:200:2] = 1, -1
    smallest = smallest_difference(d, n)
    assert smallest == pytest.approx(2.80 * np.sqrt(discordant / n), rel=1e-3)
    b = rng.binomial(200, 0.5 + smallest / discordant / 2, size=4000)
    found = [mcnemar(int(x), 200 - int(x)) < 0.05 for x in b]
    assert 0.75 <= np.mean(found) <= 0.85


@fuzz
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_the_textbook_procedure(p):
    order = sorted(range(len(p)), key=lambda i: p[i])
    proven = set()
    for step, i in enumerate(order):
        if p[i] * (len(p) - step) >= 0.05:
            break
        proven.add(i)
    assert {i for i, adjusted in enumerate(holm(p)) if adjusted < 0.05} == proven
