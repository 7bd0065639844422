"""Serve: ask the provider of a served model, with its key; there are no weights to be afraid of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from evaluator.board.submissions import read_board, read_submission
from evaluator.ci.github import run_address
from evaluator.ci.handed import write_failure
from evaluator.core.errors import EvaluatorError, RunError
from evaluator.core.files import parse_json
from evaluator.measure.measurement import Measurer, Settings
from evaluator.measure.shards import Shard
from evaluator.tasks import load_task

WHOLE = Shard(index=1, count=1)


def set_keys(text: str) -> None:
    """Put the providers' keys where the backend looks for them.

    Args:
        text: JSON object, name of an environment variable -> key.

    Raises:
        RunError: no such object; what was given is not in the message.
    """
    try:
        keys = parse_json(text.encode())
        found = {str(name): str(key) for name, key in keys.items()}
    except (ValueError, AttributeError):
        raise RunError(
            'PROVIDER_KEYS is no JSON object {"VARIABLE": "key"}: mend the secret of the '
            "environment `providers`"
        ) from None
    os.environ.update(found)


def ask_provider(root: Path, name: str, tasks: Sequence[str], to: Path) -> list[str]:
    """Answer all tasks as one shard each below `to`; return what failed, a sentence a task."""
    submission, _ = read_submission(root, name)
    provider = read_board(root).providers.get(submission.provider)
    settings = Settings(out=root, work=to, shard=WHOLE, provider=provider)
    measurer = Measurer(submission, root / name, settings)
    os.environ["EVALUATOR_RUNNER"] = run_address()
    failed = []
    for task in map(load_task, tasks):
        try:
            measurer.answer_shard(task, lambda *_: None)
        except EvaluatorError as error:
            failed.append(f"{task.name}: {error}")
            folder = WHOLE.folder(to, measurer.assign(task).name)
            write_failure(folder / "error.json", error)
    return failed
