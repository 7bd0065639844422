"""Reproduce: does a result measured again say the same as the one that is committed?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluator.core.files import Json
from evaluator.measure.rescore import read_responses
from evaluator.measure.result import items_of
from evaluator.measure.spot import TOLERANCE_NATS


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """One result against another measurement of the same key."""

    flips: int
    """Items judged differently."""
    texts: int
    """Generated texts that differ."""
    nats: float
    """Largest difference of a log-likelihood."""

    @property
    def holds(self) -> bool:
        """True if nothing differs beyond the tolerance."""
        return self.flips == 0 and self.texts == 0 and self.nats <= TOLERANCE_NATS


def compare_runs(first: Path, first_result: Json, again: Path, again_result: Json) -> Reproduction:
    """Compare two results of one key, response by response.

    Raises:
        ScoreError: responses that were not kept.
        ValueError: results of different keys.
    """
    if first_result["key"] != again_result["key"]:
        raise ValueError(f"{first} and {again} are not the same measurement")
    pairs = list(
        zip(read_responses(first, first_result), read_responses(again, again_result), strict=True)
    )
    before, after = items_of(first_result).columns, items_of(again_result).columns
    judged = [name for name in ("correct", "pred") if name in before]
    differs = np.any([before[name] != after[name] for name in judged], axis=0)
    return Reproduction(
        flips=int(differs.sum()),
        texts=sum(a.text != b.text for a, b in pairs),
        nats=max((abs(a.logprob - b.logprob) for a, b in pairs), default=0.0),
    )
