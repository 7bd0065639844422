"""Eligibility: which models a board measures, and how much of its machines an organisation may use.

The rules stand in board.yaml. They are checked when a model is submitted, again before anything of
it is downloaded, and shown to the contributor beside what the submission would use.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evaluator.core.files import Json
from evaluator.core.records import Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """The rules of a board; what is left out is not limited."""

    kinds: tuple[str, ...] = ()
    """Kinds of model that are measured; empty: all."""
    licences: tuple[str, ...] = ()
    """Licences of models that are measured; empty: all."""
    model_bytes: int = 0
    """Most bytes that a model may take, in its files or in the format it is run in; 0: any."""
    quantisations: tuple[str, ...] | None = None
    """Methods of quantised weights that are measured, (): none; None: all that can be read."""
    engines: tuple[str, ...] = ()
    """Engines beside transformers that the board's runner has."""
    gpu_hours_per_month: float = 0.0
    """Hours of the runner that an organisation may use in a calendar month (UTC); 0: any."""


def eligibility_of(value: Json) -> Eligibility:
    """Return the rules as they stand in board.yaml (`{}`: none)."""
    listed = value.get("quantisations")
    return Eligibility(
        kinds=tuple(value.get("kinds", ())),
        licences=tuple(value.get("licences", ())),
        model_bytes=value.get("model_bytes", 0),
        quantisations=None if listed is None else tuple(listed),
        engines=tuple(value.get("engines", ())),
        gpu_hours_per_month=float(value.get("gpu_hours_per_month", 0.0)),
    )


def why_ineligible(rules: Eligibility, submission: Submission) -> list[tuple[str, str]]:
    """Return (pointer into submission.yaml, reason) for each rule that a submission breaks."""
    found = []
    if rules.kinds and submission.kind not in rules.kinds:
        known = ", ".join(rules.kinds)
        found.append(
            ("/model/kind", f"this board measures {known}, no models of kind {submission.kind}")
        )
    if rules.licences and submission.licence not in rules.licences:
        known = ", ".join(rules.licences)
        found.append(
            ("/licence", f"this board measures models under {known}, not under "
                         f"{submission.licence}")
        )  # fmt: skip
    if submission.engine and submission.engine not in rules.engines:
        found.append(
            ("/model/engine", f"this board's runner has no {submission.engine}: remove engine, or "
                              "ask for it to be listed (`eligibility.engines` in board.yaml)")
        )  # fmt: skip
    return found


def hours_used(results: Iterable[Json], organisation: str, month: str) -> float:
    """Return the hours that an organisation's models ran in a month, from its results.

    Args:
        results: results of the board.
        organisation: folder of its submissions, the first part of their ids.
        month: UTC, as 2026-11.
    """
    seconds: float = sum(
        result["run"]["seconds"]
        for result in results
        if result["submission"].partition("/")[0] == organisation
        and result["run"]["started"].startswith(month)
    )
    return seconds / 3600
