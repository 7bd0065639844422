"""What every metric is made with: four marks, means, ratios, leave-one-out.

| mark | the function gets | the metric is |
|---|---|---|
| `@table_metric` | the item columns | what it returns |
| `@response_metric` | examples, responses and columns | what it returns |
| `@mean_metric` | one example and its responses | the mean of what it returns |
| `@corpus_metric` | one text and its references | a function of the summed statistics it returns |
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

import numpy as np

from evaluator.core.records import Example, FloatArray, Items, Metric, Response, Score


def no_skill(examples: tuple[Example, ...]) -> float:
    """Baseline of metrics that a trivial guesser cannot move off zero."""
    return 0.0


Compute = Callable[[Items], Score]
Judge = Callable[[Example, tuple[Response, ...]], float]
Statistics = Callable[[str, tuple[str, ...]], Sequence[float]]
Baseline = Callable[[tuple[Example, ...]], float]


def table_metric(
    *, baseline: Baseline = no_skill, best: float = 1.0, worst: float = 0.0, reads: str = "pick"
) -> Callable[[Compute], Metric]:
    """Turn a function of the item columns into a `Metric`.

    A table metric recomputes from what a result commits. The arguments are its declared facts;
    `reads="logprobs"` if it needs the column `value` or `p_gold`.

    Example:
        >>> @table_metric()
        ... def exact_match(items: Items) -> Score:
        ...     "Share of items whose answer equals a right answer."
        ...     return mean_of(items.columns["correct"], proportion=True)
    """

    def make(compute: Compute) -> Metric:
        return _metric(compute, compute, baseline, best, worst, "items", reads)

    return make


def response_metric(
    *, baseline: Baseline = no_skill, best: float = 1.0, worst: float = 0.0, reads: str = "logprobs"
) -> Callable[[Compute], Metric]:
    """Turn a function of examples, responses and columns into a `Metric`.

    For what is no mean over items and does not follow from the columns, such as a calibration
    error. It recomputes from kept responses.
    """

    def make(compute: Compute) -> Metric:
        return _metric(compute, compute, baseline, best, worst, "responses", reads)

    return make


def mean_metric(
    *,
    baseline: Baseline = no_skill,
    best: float = 1.0,
    worst: float = 0.0,
    proportion: bool = False,
    reads: str = "logprobs",
) -> Callable[[Judge], Metric]:
    """Turn a function that judges one item from its responses into the mean over items.

    A mean metric recomputes from kept responses; as a task's primary its item values are committed,
    so that it recomputes from the result alone. `proportion`: every item counts 0 or 1.

    Example:
        >>> @mean_metric(best=0.0, worst=float("inf"), reads="text")
        ... def answer_length(example: Example, responses: tuple[Response, ...]) -> float:
        ...     "Characters of the written text."
        ...     return len(responses[0].text)
    """

    def make(judge: Judge) -> Metric:
        def compute(items: Items) -> Score:
            pairs = zip(items.examples, items.responses, strict=True)
            return mean_of(np.array([judge(*pair) for pair in pairs]), proportion=proportion)

        return _metric(judge, compute, baseline, best, worst, "responses", reads)

    return make


def corpus_metric(
    *, value_of: Callable[[FloatArray], float], best: float = 1.0, worst: float = 0.0
) -> Callable[[Statistics], Metric]:
    """Turn a function (text, references) -> statistics into a metric of their sums.

    BLEU and chrF are such: counts are summed over all items before anything is divided. `value_of`
    maps the (s,) summed statistics to the value. Influences are those of the jackknife.
    """

    def make(statistics: Statistics) -> Metric:
        def compute(items: Items) -> Score:
            pairs = zip(items.examples, items.responses, strict=True)
            rows = [statistics(run[0].text.strip(), example.answers) for example, run in pairs]
            return leave_one_out(np.array(rows, dtype=np.float64), value_of)

        return _metric(statistics, compute, no_skill, best, worst, "responses", "text")

    return make


def _metric(
    function: Callable[..., object],
    compute: Compute,
    baseline: Baseline,
    best: float,
    worst: float,
    tier: str,
    reads: str,
) -> Metric:
    return Metric(
        name=function.__name__,
        compute=compute,
        baseline=baseline,
        best=best,
        worst=worst,
        tier=tier,
        reads=reads,
        doc=inspect.getdoc(function) or "",
    )


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


def leave_one_out(rows: FloatArray, value_of: Callable[[FloatArray], float]) -> Score:
    """Return a function of the sum of (n, s) per-item statistics, with jackknife influences.

    Influence: (n-1) (v - v without the item), less the mean of these. (Efron and Stein 1981, doi
    10.1214/aos/1176345462.)
    """
    n, total = len(rows), rows.sum(axis=0)
    value = value_of(total)
    if n < 2:
        return Score(value=value, influence=np.zeros(n), proportion=False)
    influence = (n - 1) * (value - np.array([value_of(total - row) for row in rows]))
    return Score(value=value, influence=influence - influence.mean(), proportion=False)
