"""Score: task, examples and responses -> item columns and metrics. Needs no model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from evaluator.core.errors import ScoreError
from evaluator.core.files import Json
from evaluator.core.records import (
    Examples,
    FloatArray,
    Items,
    Metric,
    Response,
    Score,
    Task,
)
from evaluator.core.stats import interval
from evaluator.measure.duplicates import clusters_of
from evaluator.measure.execute import refuse_code
from evaluator.measure.judge import judge
from evaluator.measure.method import WRITING, metrics_of, usual_method
from evaluator.metrics.classification import confusion, per_class


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What scoring one task of one model gave."""

    items: Items
    """Columns, examples and responses."""
    metrics: dict[str, Json]
    """Name -> value, stderr, low, high, n, tier."""
    classes: list[Json]
    """Per class: label, support, predicted, precision, recall, f1."""
    groups: dict[str, Json]
    """Group -> estimate of the primary metric."""
    confusion: list[list[int]]
    """[gold][predicted] counts."""
    counts: dict[str, int]
    """Ties, near ties, cut prompts, long answers, texts without an answer."""


def score_task(
    task: Task, examples: Examples, responses: Sequence[Response], method: str = ""
) -> Scored:
    """Score the responses to a task; the method is that of a language model unless named.

    Raises:
        TaskError: the task runs what models write, and this board does not allow it.
        ScoreError: responses missing, doubled or foreign; an impossible number.
    """
    refuse_code(task)
    method = method or usual_method(task)
    by_item = _match(task, examples, responses, method)
    items, counts = build_items(task, examples, by_item, method)
    metrics = {m.name: _estimate(m, task, items) for m in metrics_of(task, method)}
    groups = {group: _estimate(task.primary, task, part) for group, part in _split(items) if group}
    classes, table = class_tables(items)
    return Scored(
        items=items, metrics=metrics, classes=classes, groups=groups, confusion=table, counts=counts
    )


def class_tables(items: Items) -> tuple[list[Json], list[list[int]]]:
    """Return (per-class rows, confusion counts) of a labelled task; two empty lists of others."""
    if not items.labels:
        return [], []
    table = confusion(items)
    precision, recall, f1 = per_class(table)
    rows = [
        {
            "label": label,
            "support": int(table[i].sum()),
            "predicted": int(table[:, i].sum()),
            "precision": canonical(precision[i]),
            "recall": canonical(recall[i]),
            "f1": canonical(f1[i]),
        }
        for i, label in enumerate(items.labels)
    ]
    return rows, table.tolist()


def primary_score(primary: Metric, items: Items) -> Score:
    """Return the primary metric from item columns alone: what ranking and audit recompute.

    The primary's item values are committed: `correct` if it counts zeros and ones, else `value`.
    """
    if primary.tier == "items":
        return primary.compute(items)
    values = items.columns.get("value", items.columns["correct"])
    mean = float(np.mean(values))
    return Score(value=mean, influence=values - mean, proportion="value" not in items.columns)


def _match(
    task: Task, examples: Examples, responses: Sequence[Response], method: str
) -> list[tuple[Response, ...]]:
    """Return the responses of each example in the order of its choices."""
    runs = [(item, tuple(run)) for item, run in groupby(responses, key=lambda r: r.item)]
    if [item for item, _ in runs] != [example.id for example in examples.test]:
        raise ScoreError(
            f"{task.name}: {len(runs)} answered items do not match the {len(examples.test)} items "
            "of the task in their order; measure again"
        )
    for example, (_, run) in zip(examples.test, runs, strict=True):
        wanted = 1 if method in WRITING else len(example.choices) or 1
        if [response.index for response in run] != list(range(wanted)):
            raise ScoreError(f"{task.name}: item {example.id} needs {wanted} responses in order")
        if not all(math.isfinite(response.logprob) for response in run):
            raise ScoreError(
                f"{task.name}: item {example.id} has a log-likelihood that is no number"
            )
    return [run for _, run in runs]


def build_items(
    task: Task, examples: Examples, by_item: list[tuple[Response, ...]], method: str
) -> tuple[Items, dict[str, int]]:
    """Judge every item: return the items with their columns, and what happened on the way."""
    flat = [response for run in by_item for response in run]
    counts = {
        "ties": 0,
        "near_ties": 0,
        "cut_prompts": sum(r.dropped > 0 for r in flat),
        "long_answers": sum(r.finish == "length" for r in flat),
        "no_answer": 0,
    }
    rows = [
        judge(task, example, run, method, counts)
        for example, run in zip(examples.test, by_item, strict=True)
    ]
    columns: dict[str, FloatArray] = {
        name: np.array([row[name] for row in rows], dtype=np.float64)
        for name in task.columns
        if name != "value" or task.kind in ("matching", "likelihood")
    }
    clusters = clusters_of(examples.test)
    if clusters:
        columns["cluster"] = number_clusters(clusters)
    items = Items(
        columns=columns,
        labels=examples.labels,
        clusters=clusters,
        examples=examples.test,
        responses=tuple(by_item),
    )
    return items if method == "parsed" else _commit_primary(task, items), counts


def number_clusters(clusters: Sequence[str]) -> FloatArray:
    """Return the (n,) clusters as numbers in the order they first occur; -1: an item alone."""
    numbers = {name: i for i, name in enumerate(dict.fromkeys(filter(None, clusters)))}
    return np.array([numbers.get(name, -1) for name in clusters], dtype=np.float64)


def _commit_primary(task: Task, items: Items) -> Items:
    """Add the primary's item values as the column `value`, or check that `correct` is them."""
    if task.primary.tier == "items":
        return items
    score = task.primary.compute(items)
    values = score.influence + score.value
    if not score.proportion:
        stored = values.astype(np.float32).astype(np.float64)
        return replace(items, columns={**items.columns, "value": stored})
    if not np.allclose(values, items.columns["correct"], atol=1e-9):
        raise ScoreError(
            f"{task.name}: primary {task.primary.name} and the task's `length` pick differently"
        )
    return items


def _estimate(metric: Metric, task: Task, items: Items) -> Json:
    """Return value and interval; the primary is taken from the columns, as anyone can later."""
    score = primary_score(metric, items) if metric is task.primary else metric.compute(items)
    stderr, low, high = interval_of(metric, score, items.clusters)
    if not math.isfinite(score.value):
        raise ScoreError(f"{task.name}: {metric.name} is {score.value}")
    from_items = metric.tier == "items" or metric is task.primary
    return {
        "value": canonical(score.value),
        "stderr": None if math.isnan(stderr) else canonical(stderr),
        "low": canonical(low),
        "high": canonical(high),
        "n": items.n,
        "tier": "items" if from_items else "responses",
    }


def interval_of(
    metric: Metric, score: Score, clusters: Sequence[str]
) -> tuple[float, float, float]:
    """Return (standard error, low, high); the interval ends where the metric's range does."""
    stderr, low, high = interval(score.value, score.influence, score.proportion, clusters)
    least, most = sorted((metric.worst, metric.best))
    return stderr, max(low, least), min(high, most)


def canonical(value: float) -> float:
    """Round to 12 decimals: past what two orders of summation can differ by."""
    return round(float(value), 12) + 0.0


def _split(items: Items) -> list[tuple[str, Items]]:
    """Return (group, its items) in the order of the groups' names."""
    groups = np.array([example.group for example in items.examples])
    parts = []
    for group in sorted(set(groups.tolist())):
        at = np.flatnonzero(groups == group)
        parts.append((group, select(items, at.tolist())))
    return parts if len(parts) > 1 else []


def select(items: Items, at: Sequence[int]) -> Items:
    """Return the items at these positions, with their examples and responses if they are there."""
    return Items(
        columns={name: column[list(at)] for name, column in items.columns.items()},
        labels=items.labels,
        clusters=tuple(items.clusters[i] for i in at) if items.clusters else (),
        examples=tuple(items.examples[i] for i in at) if items.examples else (),
        responses=tuple(items.responses[i] for i in at) if items.responses else (),
    )
