"""Attempts: measurements that did not end in a result, kept with their reason."""

from __future__ import annotations

from pathlib import Path

from evaluator.core.errors import EvaluatorError
from evaluator.core.files import pretty_bytes, write_atomic
from evaluator.measure.provenance import now


def write_attempt(
    home: Path,
    submission: str,
    task: str,
    key: str,
    error: EvaluatorError,
    beside: Path | None = None,
) -> Path:
    """Write `attempts/<key12>-<n>.json` for a failed measurement; n counts from 1.

    Args:
        home: folder that it is written below, the submission's own or one that is handed over.
        submission: its id.
        task: name of the task.
        key: identity of the measurement, '' if the model could not be read at all.
        error: why there is no result.
        beside: the submission's folder where `home` is another: its attempts count too.
    """
    folder = home / "attempts"
    stem = key[:12] or "no-model"
    homes = [home, beside] if beside else [home]
    number = 1 + sum(len(list((of / "attempts").glob(f"{stem}-*.json"))) for of in homes)
    path = folder / f"{stem}-{number}.json"
    write_atomic(
        path,
        pretty_bytes(
            {
                "schema": 1,
                "submission": submission,
                "task": task,
                "key": key,
                "state": "failed",
                "reason": str(error).split("\n")[0][:2000],
                "when": now(),
            }
        ),
    )
    return path
