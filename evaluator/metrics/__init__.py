"""Functions from items to numbers.

Door 2: to add a metric, write one function under `@mean_metric` or `@table_metric` in the file of
its kind and name it in a task. Nothing else is edited; its page and its row in every result follow.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from evaluator.core.errors import ScoreError
from evaluator.core.records import Metric
from evaluator.metrics import (
    calibration,
    choice,
    classification,
    corpus,
    fairness,
    generation,
    instructions,
    likelihood,
    matching,
    ranking,
)

FILES = (
    choice,
    classification,
    matching,
    ranking,
    generation,
    corpus,
    instructions,
    likelihood,
    calibration,
    fairness,
)
"""Where metrics stand, in the order they are shown."""
GROUP = "evaluator.metrics"
"""Entry point group under which a board's own package registers classes of `evaluate.Metric`."""
KINDS = {
    "choice": (choice,),
    "classification": (classification,),
    "generation": (generation, corpus),
    "likelihood": (likelihood,),
    "matching": (matching, classification),
    "ranking": (ranking,),
}
"""Kind of task -> the files whose metrics it can name."""


def all_metrics() -> tuple[Metric, ...]:
    """Return every metric of the package, by file and then in the order written."""
    found = [value for file in FILES for value in vars(file).values() if isinstance(value, Metric)]
    return tuple(dict.fromkeys(found))


def metrics_of_kind(kind: str) -> dict[str, Metric]:
    """Return name -> metric of those that a kind of task can name, in the order written."""
    return {
        value.name: value
        for file in KINDS[kind]
        for value in vars(file).values()
        if isinstance(value, Metric)
    } | (registered() if kind == "generation" else {})


@cache
def registered() -> dict[str, Metric]:
    """Return name -> metric of those that installed packages register for generation tasks."""
    found = {point.name: point for point in entry_points(group=GROUP)}
    if not found:
        return {}
    from evaluator.metrics.for_evaluate import from_evaluate  # brings `evaluate`: takes seconds

    return {name: from_evaluate(name, point.load()) for name, point in sorted(found.items())}


@cache
def metric_named(name: str) -> Metric:
    """Return the metric of that name.

    Raises:
        ScoreError: no such metric; names those that exist.
    """
    known = {metric.name: metric for metric in all_metrics()}
    if name not in known:
        known = registered() | known
    if name not in known:
        raise ScoreError(f"no metric {name!r}; known: {', '.join(known)}")
    return known[name]
