"""Score kept responses again: a new metric or a mended scorer needs no model."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

from evaluator.core.errors import ScoreError
from evaluator.core.files import Json, pretty_bytes, write_atomic
from evaluator.core.records import Examples, Response, Task
from evaluator.measure.responses import kept_lines, parse_response
from evaluator.measure.result import data_hashes, responses_path, score_section
from evaluator.measure.score import score_task
from evaluator.tasks import locked_request_set


def read_responses(path: Path, result: Json) -> list[Response]:
    """Return the kept responses of the result at `path`.

    Raises:
        ScoreError: not kept, missing, broken, or other bytes than the result names.
    """
    packed = responses_path(path)
    if not packed.exists():
        raise ScoreError(
            f"{packed}: no responses were kept; measure again (`evaluator run --again`)"
        )
    digest, found = hashlib.sha256(), []
    for number, line in enumerate(kept_lines(packed), 1):
        digest.update(line)
        try:
            found.append(parse_response(line))
        except ValueError as error:
            raise ScoreError(f"{packed}: line {number}: {error}") from None
    if digest.hexdigest() != result["responses"]["sha256"]:
        raise ScoreError(f"{packed}: not the responses that {path.name} was scored from")
    return found


def rescore(path: Path, result: Json, task: Task, examples: Examples) -> tuple[Json, bool]:
    """Score the responses of the result at `path` again, by the right answers of now.

    The responses stay, and with them the key: only what is right and how it is judged may have
    moved since. `request_set`, `data` and the task's version then say what it was scored against.

    Returns:
        The result as the present scorer gives it, and whether it equals the one at hand.

    Raises:
        ScoreError: as `read_responses` and `score_task`.
    """
    scored = score_task(task, examples, read_responses(path, result), result["method"])
    asked = locked_request_set(task.name, result["method"])
    if asked is None or asked.sha256 != result["request_set"]["sha256"]:
        raise ScoreError(
            f"{path}: answers other requests than {task.name} makes now: measure again"
        )
    against = {
        "task": {"name": task.name, "version": task.version},
        "request_set": asdict(asked),
        "data": data_hashes(task),
    }
    fresh = {**result, **against, **score_section(task, scored)}
    return fresh, fresh == result


def write_rescored(path: Path, fresh: Json) -> Path:
    """Write a rescored result beside the first as `<run>.s<scorer>.json`.

    Raises:
        ScoreError: another one stands there, and results are never changed.
    """
    target = path.with_name(f"{path.name.split('.')[0]}.s{fresh['scorer']}.json")
    data = pretty_bytes(fresh)
    if target.exists() and target.read_bytes() != data:
        raise ScoreError(f"{target}: stands already with other numbers: raise the task's scorer")
    write_atomic(target, data)
    return target
