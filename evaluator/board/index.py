"""The index of a suite and its uncertainty, for any number of models at once.

Nothing here reads a file. A model costs as many bits an item as its column; what is quadratic in
the number of models are matrix products, one a task.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluator.board.suites import Asked, Suite
from evaluator.core import columns
from evaluator.core.files import Json
from evaluator.core.records import FloatArray, Items, Score
from evaluator.core.stats import SignArray, cluster_sums
from evaluator.measure.result import items_of
from evaluator.measure.score import primary_score
from evaluator.metrics import metric_named

BLOCK = 2048
"""Items multiplied at once; below 2^24 in all, 32-bit floats count without an error."""


def task_weights(suite: Suite, asked: dict[str, Asked]) -> dict[str, float]:
    """Return task -> what one unit of its metric moves the index by."""
    return {
        entry.task: 100 / len(suite.areas) / len(entries) / reach_of(asked[entry.task])
        for entries in suite.areas.values()
        for entry in entries
    }


def baseline_of(asked: Asked) -> float:
    """Return the primary metric of the best trivial guesser on a task's items."""
    return asked.request_sets["prompt"].baseline


def reach_of(asked: Asked) -> float:
    """Return how far a perfect model is from the guesser; negative where lower is better."""
    return metric_named(asked.primary).best - baseline_of(asked)


def area_means(suite: Suite, skill: dict[str, float]) -> dict[str, float]:
    """Return area -> 100 x mean skill of those of its tasks that have one."""
    means = {}
    for area, entries in suite.areas.items():
        known = [skill[entry.task] for entry in entries if entry.task in skill]
        if known:
            means[area] = 100 * float(np.mean(known))
    return means


def index_of(areas: dict[str, float]) -> float:
    """Return the mean over areas."""
    return float(np.mean(list(areas.values())))


def index_covariance(weights: dict[str, float], results: Sequence[dict[str, Json]]) -> FloatArray:
    """Return the (M, M) covariance of the indices, from the items that the models share.

    Tasks are independent; within a task the covariance of two models is that of their per-item
    influences, times the square of the task's weight in the index.

    Args:
        weights: task -> weight, as `task_weights`.
        results: for each model task -> its result.
    """
    total = np.zeros((len(results), len(results)))
    for task, weight in weights.items():
        task_covariance([found[task] for found in results], weight**2, total)
    return total


def task_covariance(results: Sequence[Json], factor: float, total: FloatArray) -> None:
    """Add `factor` times the (M, M) covariance of one task's scores to `total`."""
    if is_share_of_right(*scored(results[0])):
        add_shares_covariance([r["columns"]["correct"] for r in results], results[0]["n"], factor,
                              total)  # fmt: skip
        return
    influence, factor = influences(results, factor)
    n = influence.shape[1]
    products = influence @ influence.T
    # a model's own interval must not depend on who else is ranked, to the last bit
    np.fill_diagonal(products, [np.sum(row**2) for row in influence])
    total += factor * products / (n * (n - 1))


def scored(result: Json) -> tuple[Score, Items]:
    """Return the primary metric of a result, and its items."""
    items = items_of(result)
    return primary_score(metric_named(result["primary"]), items), items


def says_it_all(result: Json) -> bool:
    """Tell from its form alone whether `correct` is all there is to a result's primary metric."""
    own = metric_named(result["primary"]).tier == "responses"  # then its item values are committed
    return own and not {"value", "cluster"} & result["columns"].keys()


def is_share_of_right(score: Score, items: Items) -> bool:
    """Tell whether a metric is the share of set bits of `correct`, of items without clusters."""
    values = score.influence + score.value
    return (
        score.proportion
        and not items.clusters
        and bool(np.abs(values - items.columns["correct"]).max(initial=0) < 1e-9)
    )


def add_shares_covariance(texts: Sequence[str], n: int, factor: float, total: FloatArray) -> None:
    """Add the covariance of shares of right items, from packed bits.

    `(n11 - n p p') / (n (n-1))` with n11 the items that two models both got right: counts of ones,
    exact in any order of summation, so that machines agree to the bit.
    """
    packed = np.stack([columns.packed_bits(text, n) for text in texts])
    both = np.zeros((len(texts), len(texts)), dtype=np.float32)
    for start in range(0, packed.shape[1], BLOCK // 8):
        part = np.unpackbits(packed[:, start : start + BLOCK // 8], axis=1, bitorder="little")
        right = part.astype(np.float32)
        both += right @ right.T
    share = np.diag(both).astype(np.float64) / n
    for row in range(len(texts)):  # row by row: no second matrix of this size
        total[row] += factor * (both[row] - n * share[row] * share) / (n * (n - 1))


def influences(results: Sequence[Json], factor: float) -> tuple[FloatArray, float]:
    """Return (M, n) influences and the factor; clusters are summed and C/(C-1) makes up for it."""
    clusters = items_of(results[0]).clusters
    rows = np.stack([scored(result)[0].influence for result in results])
    if not clusters:
        return rows, factor
    n, sums = rows.shape[1], cluster_sums(rows.T, clusters).T
    c = sums.shape[1]
    # var = C/(C-1) sum of squares / n^2, written as the caller's factor / (C (C-1)) of C columns
    return np.ascontiguousarray(sums), factor * c**2 / n**2


def tie_groups(order: Sequence[int], signs: SignArray) -> dict[int, int]:
    """Number the tie groups from the top; one ends at the first model told apart from its first."""
    groups: dict[int, int] = {}
    leader, number = -1, 0
    for model in order:
        if leader < 0 or signs[leader, model] != 0:
            leader, number = model, number + 1
        groups[model] = number
    return groups
