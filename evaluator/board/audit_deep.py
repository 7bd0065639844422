"""The deep audit: random items of random results, asked of the model again.

What is forged so that it fits together leaves no trace in the files; the model gives it away. The
sample follows from a printed seed, so that anyone can draw the same one, and from nothing that
whoever wrote the result could know.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evaluator.board.audited import Audited
from evaluator.board.submissions import read_submission
from evaluator.board.tree import Standing
from evaluator.core.errors import DataError, EvaluatorError, Fault, ModelError, counted
from evaluator.tasks import load_task

if TYPE_CHECKING:
    from evaluator.measure.measurement import Settings

Progress = Callable[[int, int], None]
"""(items done, items in all) -> shown to a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepAudit:
    """What came of measuring again."""

    measured: int
    """Items asked again."""
    findings: tuple[Fault, ...]
    """Items that the model answers otherwise."""
    unseen: tuple[str, ...]
    """Results that could not be measured here, and why."""


def audit_deep(
    root: Path, rows: Sequence[Audited], n: int, seed: int, settings: Settings, progress: Progress
) -> DeepAudit:
    """Measure `n` random items again, each drawn with its result; models are loaded one by one.

    Args:
        root: the folder submissions/.
        rows: results as the audit found them; those of older tasks or scorers are left out.
        n: items to draw; an item drawn twice is asked once.
        seed: what the draw follows from.
        settings: how measurements are made on this machine.
        progress: told after each result.
    """
    drawn = _draw([row.standing for row in rows if row.recomputed.tier != "key"], n, seed)
    total, done = sum(len(at) for _, at in drawn), 0
    findings: list[Fault] = []
    unseen = []
    for submission in dict.fromkeys(standing.result["submission"] for standing, _ in drawn):
        own = [pair for pair in drawn if pair[0].result["submission"] == submission]
        count = sum(len(at) for _, at in own)
        try:
            findings += _ask(root, own, settings)
        except (ModelError, DataError) as error:
            items = f"{counted(count, 'item')} of {submission}"
            unseen.append(f"{items} could not be measured again: {error}")
            total -= count
            continue
        done += count
        progress(done, total)
    return DeepAudit(measured=done, findings=tuple(findings), unseen=tuple(unseen))


def _draw(standings: Sequence[Standing], n: int, seed: int) -> list[tuple[Standing, list[int]]]:
    """Return results with positions of items, each result as likely as any other."""
    if not standings:
        return []
    draw = random.Random(seed)
    picked: dict[int, set[int]] = {}
    for _ in range(n):
        number = draw.randrange(len(standings))
        picked.setdefault(number, set()).add(draw.randrange(standings[number].result["n"]))
    return [(standings[number], sorted(picked[number])) for number in sorted(picked)]


def _ask(
    root: Path, drawn: Sequence[tuple[Standing, list[int]]], settings: Settings
) -> list[Fault]:
    """Ask one model all that was drawn of its results."""
    from evaluator.measure.measurement import Measurer
    from evaluator.measure.spot import remeasure

    name = drawn[0][0].result["submission"]
    measurer = Measurer(read_submission(root, name)[0], root / name, settings)
    faults = []
    for standing, at in drawn:
        task = load_task(standing.result["task"]["name"])
        try:
            told = remeasure(measurer, task, root / standing.path, standing.result, at)
        except (ModelError, DataError):
            raise
        except EvaluatorError as error:
            told = [str(error)]
        faults += [Fault(standing.path, 0, "/responses", message) for message in told]
    return faults
