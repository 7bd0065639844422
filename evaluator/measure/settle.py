"""Settle: everything that was answered to a task -> its result on disk. Needs no model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evaluator.core.files import Json
from evaluator.measure.assignment import Assignment
from evaluator.measure.responses import response_lines
from evaluator.measure.result import build_result, result_path, write_result
from evaluator.measure.run import Answers
from evaluator.measure.score import score_task


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A measurement that stands on disk."""

    path: Path
    """The result."""
    result: Json
    """Its content; {} if it stood there before."""
    fresh: bool
    """False: nothing was measured, since a result stood there already."""


def settle(
    assigned: Assignment,
    answers: Answers,
    *,
    parameters: int,
    run: Json,
    out: Path,
    keep_below: int,
) -> Measured:
    """Score what was answered and write the result, unless the same answers stand there already.

    Args:
        assigned: what was asked.
        answers: all that was answered to it.
        parameters: number of the model's parameters.
        run: the section `run` of the result.
        out: tree that the result is written below.
        keep_below: largest compressed response file that is kept, in bytes.

    Raises:
        ScoreError: answers that are not those to the task, or a number that cannot be.
    """
    lines = response_lines(answers.responses)
    result = build_result(
        submission=assigned.submission,
        manifest=assigned.manifest,
        parameters=parameters,
        task=assigned.task,
        request_set=assigned.request_set,
        lines=lines,
        scored=score_task(assigned.task, assigned.examples, answers.responses, assigned.method),
        run=run,
    )
    if len(assigned.examples.test) < assigned.of:
        result["partial"] = {"limit": len(assigned.examples.test), "of": assigned.of}
    path = result_path(out, result)
    if not path.exists():  # the same answers again are no second measurement
        write_result(out, result, lines, keep_below)
    return Measured(path=path, result=result, fresh=True)
