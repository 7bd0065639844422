"""Attempts: measurements that did not end in a result, kept with their reason."""

from __future__ import annotations

from pathlib import Path

from evaluator.core.errors import EvaluatorError
from evaluator.core.files import pretty_bytes, write_atomic
from evaluator.core.records import Submission, Task
from evaluator.measure.method import method_of
from evaluator.measure.provenance import now
from evaluator.tasks import locked_request_set


def write_attempt(
    home: Path,
    submission: Submission,
    task: Task,
    key: str,
    error: EvaluatorError,
    beside: Path | None = None,
) -> Path:
    """Write `attempts/<key12>-<n>.json` for a failed measurement; n counts from 1.

    Args:
        home: folder that it is written below, the submission's own or one that is handed over.
        submission: whose.
        task: what was to be measured.
        key: identity of the measurement, '' if the model could not be read at all.
        error: why there is no result.
        beside: the submission's folder where `home` is another: its attempts count too.
    """
    folder = home / "attempts"
    stem = key[:12] or "no-model"
    homes = [home, beside] if beside else [home]
    asked = locked_request_set(task.name, method_of(submission, task))
    number = 1 + sum(len(list((of / "attempts").glob(f"{stem}-*.json"))) for of in homes)
    path = folder / f"{stem}-{number}.json"
    facts = {
        "schema": 1,
        "submission": submission.id,
        "task": task.name,
        "key": key,
        **({"request_set": asked.sha256} if asked else {}),
        "state": error.state,
        "reason": str(error).split("\n")[0][:2000],
        "when": now(),
    }
    write_atomic(path, pretty_bytes(facts))
    return path
