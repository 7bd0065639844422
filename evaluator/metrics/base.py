"""What every metric is made with: two marks, means, ratios."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np

from evaluator.core.records import Example, FloatArray, Items, Metric, Response, Score


def no_skill(examples: tuple[Example, ...]) -> float:
    """Baseline of metrics that a trivial guesser cannot move off zero."""
    return 0.0


Compute = Callable[[Items], Score]
Judge = Callable[[Example, tuple[Response, ...]], float]
Baseline = Callable[[tuple[Example, ...]], float]


def table_metric(
    *, baseline: Baseline = no_skill, best: float = 1.0, worst: float = 0.0
) -> Callable[[Compute], Metric]:
    """Turn a function of the item columns into a `Metric`.

    A table metric recomputes from what a result commits. The arguments are its declared facts.

    Example:
        >>> @table_metric()
        ... def exact_match(items: Items) -> Score:
        ...     "Share of items whose answer equals a right answer."
        ...     return mean_of(items.columns["correct"], proportion=True)
    """

    def make(compute: Compute) -> Metric:
        return Metric(
            name=compute.__name__,
            compute=compute,
            baseline=baseline,
            best=best,
            worst=worst,
            mean=False,
            doc=inspect.getdoc(compute) or "",
        )

    return make


def mean_metric(
    *,
    baseline: Baseline = no_skill,
    best: float = 1.0,
    worst: float = 0.0,
    proportion: bool = False,
) -> Callable[[Judge], Metric]:
    """Turn a function that judges one item from its responses into the mean over items.

    A mean metric recomputes from kept responses; as a task's primary its item values are committed,
    so that it recomputes from the result alone. `proportion`: every item counts 0 or 1.

    Example:
        >>> @mean_metric(best=0.0, worst=float("inf"))
        ... def answer_length(example: Example, responses: tuple[Response, ...]) -> float:
        ...     "Characters of the written text."
        ...     return len(responses[0].text)
    """

    def make(judge: Judge) -> Metric:
        def compute(items: Items) -> Score:
            pairs = zip(items.examples, items.responses, strict=True)
            return mean_of(np.array([judge(*pair) for pair in pairs]), proportion=proportion)

        return Metric(
            name=judge.__name__,
            compute=compute,
            baseline=baseline,
            best=best,
            worst=worst,
            mean=True,
            doc=inspect.getdoc(judge) or "",
        )

    return make


def mean_of(values: FloatArray, *, proportion: bool = False) -> Score:
    """Return the mean of (n,) per-item values as a score."""
    value = float(np.mean(values))
    return Score(value=value, influence=values - value, proportion=proportion)


def ratio_of(top: FloatArray, bottom: FloatArray) -> Score:
    """Return sum(top)/sum(bottom) of per-item values; 0 where nothing stands below the line.

    Influence of a ratio: (a_i - r b_i) / mean(b).
    """
    below = float(np.mean(bottom))
    if below == 0:
        return Score(value=0.0, influence=np.zeros(len(top)), proportion=False)
    value = float(np.mean(top)) / below
    return Score(value=value, influence=(top - value * bottom) / below, proportion=False)
