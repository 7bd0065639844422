"""Flags: what is possible, yet should be looked at by a person. A flag refuses nothing.

`evaluator check` prints them as warnings; the audit prints them as notes; whoever reads one decides
(`evaluator decide`), and the decision is what the board shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from evaluator.board.tree import Standing
from evaluator.core.errors import Fault
from evaluator.core.files import Json
from evaluator.core.records import FloatArray
from evaluator.measure.result import items_of

BELOW_CHANCE = 5.0
"""Standard errors below the best trivial guesser from which on a result is flagged."""
FEW = 10
"""With fewer wrong answers two different models may well agree on every item."""


def find_flags(standings: Sequence[Standing]) -> list[Fault]:
    """Return everything about these results that a person should look at, by path."""
    return sorted({*_below_chance(standings), *_same_answers(standings), *_same_weights(standings)})


def _below_chance(standings: Sequence[Standing]) -> Iterator[Fault]:
    """A model that knows nothing is at chance; one far below knows the answers and turns them."""
    for standing in standings:
        result = standing.result
        columns = _columns(result)
        if "gold" in columns:
            value, chance = float(columns["correct"].mean()), _agreement(columns)
        else:
            value = result["metrics"][result["primary"]]["value"]
            chance = result["request_set"]["baseline"]
        if not 0 < chance < 1:
            continue
        apart = (chance - value) / math.sqrt(chance * (1 - chance) / result["n"])
        if apart > BELOW_CHANCE:
            message = (
                f"{value:.4f} is {apart:.1f} standard errors below what chance gives "
                f"({chance:.4f}): are labels swapped, or is the prompt cut?"
            )
            yield Fault(standing.path, 0, f"/metrics/{result['primary']}/value", message)


def _agreement(columns: Mapping[str, FloatArray]) -> float:
    """Return how often answers given this often would be right if they knew nothing."""
    gold, pred = columns["gold"].astype(int), columns["pred"].astype(int)
    k = max(gold.max(), pred.max()) + 1
    said = np.bincount(pred[pred >= 0], minlength=k) / len(pred)
    return float(said @ (np.bincount(gold, minlength=k) / len(gold)))


def _same_answers(standings: Sequence[Standing]) -> Iterator[Fault]:
    """Two models that answer every item the same way are one model, or one copied the other."""
    seen: dict[tuple[str, ...], Standing] = {}
    for standing in standings:
        result = standing.result
        if _wrong_answers(result) < FEW:
            continue
        columns = (f"{name}={text}" for name, text in sorted(result["columns"].items()))
        key = (result["request_set"]["sha256"], *columns)
        first = seen.setdefault(key, standing)
        if first.result["model"]["manifest"] != result["model"]["manifest"]:
            message = f"the items are those of {first.path}, though the weights differ"
            yield Fault(standing.path, 0, "/columns", message)


def _wrong_answers(result: Json) -> int:
    """Return how many answers are wrong; 0 if all items got the same answer, which tells nothing.

    Wrong answers are what gives a model away: there are many, and each model has its own.
    """
    columns = _columns(result)
    told = columns.get("pred", columns.get("correct", np.zeros(1)))
    return 0 if np.all(told == told[0]) else int((columns["correct"] == 0).sum())


def _columns(result: Json) -> Mapping[str, FloatArray]:
    """Return the item columns, none if they are broken: `check_result` tells that."""
    try:
        return items_of(result).columns
    except ValueError:
        return {}


def _same_weights(standings: Sequence[Standing]) -> Iterator[Fault]:
    """The same weights under two names would stand on the board twice."""
    seen: dict[frozenset[str], Standing] = {}
    for standing in standings:
        weights = frozenset(
            str(facts["sha256"])
            for name, facts in standing.result["model"]["manifest"].items()
            if name.endswith((".safetensors", ".onnx"))
        )
        if not weights:
            continue
        first = seen.setdefault(weights, standing).result["submission"]
        if first != standing.result["submission"]:
            message = f"the weights are those of {first}, to the byte"
            path = f"{standing.result['submission']}/lock.json"
            yield Fault(path, 0, "/manifest", message)
