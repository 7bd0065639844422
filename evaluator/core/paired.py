"""Two models on the same items: what their difference is, and what it could have been by chance.

Every function takes (n,) differences, item by item. No random number: where the exact distribution
is too long to write out, a saddlepoint stands for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from scipy.special import betainc, ndtr, ndtri

from evaluator.core.records import FloatArray
from evaluator.core.stats import Z95

EXACT_UNITS = 16
"""Up to so many units that differ, all 2^k exchanges are counted."""
POWER_Z = Z95 + float(ndtri(0.8))
"""2.80: a difference of so many standard errors is found in four of five test sets."""
LEAST_DISCORDANT = 6
"""Fewer items that one model alone gets right can never give p < 0.05: 2 * (1/2)^6 = 0.031."""


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p of McNemar's exact test on the items that one model alone got right.

    2 P(X <= min) for X ~ Binomial(first + second, 1/2), at most 1; 1 if no item tells. McNemar
    1947, doi 10.1007/BF02295996.
    """
    least, total = min(only_first, only_second), only_first + only_second
    return float(min(1.0, 2 * betainc(total - least, least + 1, 0.5))) if total else 1.0


def sign_flip(differences: FloatArray) -> tuple[float, str]:
    """Return (two-sided p, how it was found) of the paired permutation test on a sum.

    Under the hypothesis that the two models are exchangeable, each unit's difference has either
    sign with the same chance. `exact`: all sign patterns are counted. `saddlepoint`: Lugannani and
    Rice's tail of a sum of +-d (Robinson 1982, doi 10.1111/j.2517-6161.1982.tb01191.x), whose error
    falls with 1/n; no draws, so the same p on every machine.
    """
    d = np.abs(differences[differences != 0])
    if len(d) == 0:
        return 1.0, "exact"
    d = d / d.max()
    total = abs(float(np.sum(differences))) / float(np.abs(differences).max())
    if len(d) <= EXACT_UNITS:
        sums = np.zeros(1)
        for size in d:
            sums = np.concatenate([sums + size, sums - size])
        return float(np.mean(np.abs(sums) >= total - 1e-9)), "exact"
    return _saddlepoint(d, total), "saddlepoint"


def _saddlepoint(d: FloatArray, total: float) -> float:
    """Return P(|sum of +-d| >= total); K(t) = sum of log cosh(t d) is its cumulant function."""
    from scipy.optimize import brentq  # a third of a second that few commands need

    variance = float(np.sum(d * d))
    if total < 1e-6 * np.sqrt(variance):
        return 1.0
    room = float(np.sum(d)) - total
    if room <= 1e-9 * total:  # only the two patterns of one sign reach this far
        return float(2.0 ** (1 - len(d)))
    high = 1.0
    while float(np.sum(d * np.tanh(high * d))) < total:
        high *= 2
    t = brentq(lambda t: float(np.sum(d * np.tanh(t * d))) - total, 0, high, xtol=1e-14)
    log_cosh = np.logaddexp(t * d, -t * d) - np.log(2)
    w = float(np.sqrt(2 * max(t * total - float(np.sum(log_cosh)), 0)))
    u = t * float(np.sqrt(np.sum(np.square(d) * (1 - np.square(np.tanh(t * d))))))
    if w < 1e-3:  # the two poles cancel; the normal tail is as exact there
        return float(2 * ndtr(-total / np.sqrt(variance)))
    density = np.exp(-w * w / 2) / np.sqrt(2 * np.pi)
    tail = ndtr(-w) + density * (1 / u - 1 / w)
    return float(min(1.0, 2 * tail))


def share_interval(only_first: int, only_second: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two shares of right items, paired.

    Wald's interval after half an item is added to each of the four cells of the table, so that it
    is never empty. Agresti and Min 2005, doi 10.1002/sim.1781.
    """
    b, c, total = only_first + 0.5, only_second + 0.5, n + 2
    middle = (b - c) / total
    half = Z95 * np.sqrt(b + c - (b - c) ** 2 / total) / total
    return max(-1.0, float(middle - half)), min(1.0, float(middle + half))


def smallest_difference(units: FloatArray, n: int) -> float:
    """Return the smallest true difference that such a test set shows with a chance of 80 %.

    2.80 standard errors of a paired difference at 5 %, with the spread it has if there is none:
    `2.80 sqrt(sum of d^2) / n`, for right or wrong `2.80 sqrt(p_disc / n)`. `units` are (c,) sums
    of differences within clusters, (n,) without. Miller 2024, arXiv 2411.00640, section 5.
    """
    return POWER_Z * float(np.sqrt(np.sum(np.square(units)))) / n


def holm(p: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values: below 0.05 means proven with all others looked at too."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    steps = (min(1.0, p[i] * (len(p) - place)) for place, i in enumerate(order))
    adjusted = dict(zip(order, accumulate(steps, max), strict=True))
    return [adjusted[i] for i in range(len(p))]
