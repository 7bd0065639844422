"""Compare: two models on the same items, task by task, down to the items that one alone got right.

Two results can be compared if everything is the same but the model: what was asked, what is right,
and how answers were scored. `fingerprint` lists those parts; a difference in any is told by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evaluator.board.cells import find_cell
from evaluator.board.tree import Entry, Standing, Tree
from evaluator.core.errors import EvaluatorError, did_you_mean
from evaluator.core.files import Json
from evaluator.core.paired import (
    LEAST_DISCORDANT,
    holm,
    mcnemar,
    share_interval,
    sign_flip,
    smallest_difference,
)
from evaluator.core.records import FloatArray, Items
from evaluator.core.stats import cluster_sums, standard_error, t95
from evaluator.measure.rescore import read_responses
from evaluator.measure.result import items_of
from evaluator.measure.score import canonical, primary_score
from evaluator.metrics import metric_named

ALPHA = 0.05
"""Chance that a row of tasks names a wrong winner."""
OF_THE_METHOD = ("request set", "decoding")
"""Parts of a fingerprint that depend on how a kind of model answers."""


class Incomparable(EvaluatorError):
    """Two results that do not answer the same question; the message says which part differs."""

    def __init__(self, parts: list[Json]) -> None:
        """Take the parts that differ, each as {part, a, b}."""
        told = "; ".join(f"{p['part']}: {_short(p['a'])} and {_short(p['b'])}" for p in parts)
        super().__init__(f"cannot be compared, they differ in {told}")
        self.parts = parts


def fingerprint(result: Json) -> dict[str, Json]:
    """Return everything that must be the same for two results to be compared: part -> value."""
    asked = result["request_set"]
    return {
        "task": result["task"]["name"],
        "task version": result["task"]["version"],
        "protocol": result["protocol"],
        "variant": result["variant"],
        "request set": asked["sha256"],
        "items": asked["items_sha256"],
        "right answers": asked["gold_sha256"],
        "number of items": result["n"],
        "data": result["data"],
        "decoding": result["decoding"],
        "scorer version": result["scorer"],
        "primary metric": result["primary"],
    }


def differing_parts(first: Json, second: Json) -> list[Json]:
    """Return the parts of two fingerprints that differ, each as {part, a, b}.

    Methods ask the same items in their own words, so requests and decoding of two methods differ.
    """
    one, other = fingerprint(first), fingerprint(second)
    own = OF_THE_METHOD if first["method"] != second["method"] else ()
    return [{"part": part, "a": one[part], "b": other[part]}
            for part in one if one[part] != other[part] and part not in own]  # fmt: skip


def item_values(primary: str, items: Items) -> tuple[FloatArray, bool]:
    """Return (what each item adds to the primary metric, whether all are 0 or 1).

    The (n,) values have the metric as their mean: `correct` for a share of right items, else value
    plus influence. Their item-wise differences are all that `compare_values` needs.
    """
    score = primary_score(metric_named(primary), items)
    return score.influence + score.value, score.proportion


def lower_is_better(result: Json) -> bool:
    """Tell whether the smaller value of a result's primary metric is the better one."""
    metric = metric_named(result["primary"])
    return metric.best < metric.worst


def compare_values(
    first: FloatArray, second: FloatArray, *, proportion: bool, clusters: Sequence[str] = ()
) -> Json:
    """Compare two models by their (n,) item values.

    0/1 values of independent items: McNemar's exact test and the interval of Agresti and Min.
    Others: paired permutation of items (or clusters) and Student's t. `smallest` is None where no
    item tells the two apart: nothing is known of the spread of a difference.
    """
    n, difference = len(first), first - second
    units = cluster_sums(difference[:, None], clusters)[:, 0] if clusters else difference
    value = float(np.mean(difference))
    error = standard_error(difference - value, clusters)
    smallest = smallest_difference(units, n)
    if proportion and not clusters:
        only_first, only_second = int((difference > 0).sum()), int((difference < 0).sum())
        p, test = mcnemar(only_first, only_second), "mcnemar exact"
        low, high = share_interval(only_first, only_second, n)
        smallest = max(smallest, LEAST_DISCORDANT / n)
    else:
        p, how = sign_flip(np.round(units, 12))
        test = f"permutation {how}"
        half = t95(len(units)) * error
        low, high = value - half, value + half
    return {
        "n": n,
        "a": canonical(float(np.mean(first))),
        "b": canonical(float(np.mean(second))),
        "difference": canonical(value),
        "low": canonical(low),
        "high": canonical(high),
        "stderr": canonical(error),
        "test": test,
        "p": p,
        "smallest": canonical(smallest) if smallest else None,
    }


def compare_results(first: Json, second: Json) -> Json:
    """Compare two results of one task: `compare_values`, and the items that one alone got right.

    Raises:
        Incomparable: their fingerprints differ; names every part that does.
    """
    parts = differing_parts(first, second)
    if parts:
        raise Incomparable(parts)
    items = items_of(first)
    others = items_of(second)
    values, proportion = item_values(first["primary"], items)
    other_values, _ = item_values(second["primary"], others)
    right, also = items.columns["correct"] == 1, others.columns["correct"] == 1
    return {
        "task": first["task"]["name"],
        "metric": first["primary"],
        "lower_is_better": lower_is_better(first),
        **compare_values(values, other_values, proportion=proportion, clusters=items.clusters),
        "both": int((right & also).sum()),
        "neither": int((~right & ~also).sum()),
        "only_a": np.flatnonzero(right & ~also).tolist(),
        "only_b": np.flatnonzero(~right & also).tolist(),
    }


def compare_pairs(pairs: Sequence[tuple[Json, Json]]) -> list[Json]:
    """Compare pairs of results, each of one task, with Holm's procedure over all of them.

    Adds to each `p_holm`, and `better`: `a` or `b` where the difference is proven, else ''.
    """
    rows = [compare_results(first, second) for first, second in pairs]
    for row, adjusted in zip(rows, holm([row["p"] for row in rows]), strict=True):
        winner = "a" if (row["difference"] > 0) != row["lower_is_better"] else "b"
        row |= {"p_holm": adjusted, "better": winner if adjusted < ALPHA else ""}
    return rows


def compare_submissions(tree: Tree, first: str, second: str, tasks: Sequence[str] = ()) -> Json:
    """Compare two submissions by their official results.

    Args:
        tree: everything below submissions/.
        first: `<org>/<model>`, called a.
        second: the other, called b.
        tasks: tasks to look at; empty: all of the suites that both ask for.

    Returns:
        {a, b, tasks: rows of `compare_pairs`, gaps: [{task, a, b}] with the states of those that
        have no number on one side}.
    """
    one, other = find_entry(tree, first), find_entry(tree, second)
    pairs, gaps = [], []
    for task in tasks or _shared_tasks(tree, one, other):
        a, b = find_cell(tree, one, task), find_cell(tree, other, task)
        if a.standing and b.standing:
            pairs.append((a.standing.result, b.standing.result))
        else:
            gaps.append({"task": task, "a": a.state, "b": b.state})
    return {"a": first, "b": second, "tasks": compare_pairs(pairs), "gaps": gaps}


def compare_files(first: Json, second: Json) -> Json:
    """Compare two results as `compare_submissions` does two submissions."""
    rows = compare_pairs([(first, second)])
    return {"a": first["submission"], "b": second["submission"], "tasks": rows, "gaps": []}


def item_ids(root: Path, standing: Standing) -> list[str]:
    """Return the ids of a result's items in order, from its kept responses; empty without."""
    if not standing.result["responses"]["kept"]:
        return []
    ids = (response.item for response in read_responses(root / standing.path, standing.result))
    return list(dict.fromkeys(ids))


def find_entry(tree: Tree, name: str) -> Entry:
    """Return a submission of the tree.

    Raises:
        EvaluatorError: there is none of that name.
    """
    for entry in tree.entries:
        if entry.submission.id == name:
            return entry
    nearest = did_you_mean(name, [entry.submission.id for entry in tree.entries])
    raise EvaluatorError(f"no submission {name!r}{nearest}")


def _shared_tasks(tree: Tree, one: Entry, other: Entry) -> list[str]:
    shared = [name for name in one.submission.suites if name in other.submission.suites]
    return list(dict.fromkeys(task for name in shared for task in tree.board.suites[name].tasks))


def _short(value: Json) -> str:
    text = str(value)
    return text if len(text) <= 24 else text[:21] + "..."
