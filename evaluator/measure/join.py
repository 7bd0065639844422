"""Join: the shards of one measurement -> its result. Needs the task's data, and no model."""

from __future__ import annotations

import re
from pathlib import Path

from evaluator.core.errors import RunError
from evaluator.core.files import Json
from evaluator.core.records import Submission
from evaluator.measure.assignment import assign
from evaluator.measure.manifest import Manifest
from evaluator.measure.merge import merge_runs, merge_shards
from evaluator.measure.settle import Measured, settle
from evaluator.measure.shards import read_shard
from evaluator.tasks import load_task

SHARD = re.compile(r"[1-9][0-9]{0,2}-of-[1-9][0-9]{0,2}")


def join_task(
    submission: Submission,
    manifest: Manifest,
    folder: Path,
    out: Path,
    keep_below: int,
    vouched: Json | None = None,
) -> Measured:
    """Join all shards in a folder, score them and write the result.

    Args:
        submission: the model that the shards must be of.
        manifest: files of the model that must have answered.
        folder: holds `<I>-of-<N>/` of one measurement.
        out: tree that the result is written below.
        keep_below: largest compressed response file that is kept.
        vouched: parts of the section `run` that the caller knows better than the shards.

    Raises:
        DocumentError, RunError: a shard that is missing, doubled, foreign or broken.
        DataError, ScoreError: as the steps.
    """
    found = sorted(path for path in folder.iterdir() if SHARD.fullmatch(path.name))
    shards = [read_shard(path) for path in found]
    if not shards:
        raise RunError(f"{folder}: no shard there")
    named = {(shard.facts["submission"], shard.facts["task"]) for shard in shards}
    if len(named) != 1 or next(iter(named))[0] != submission.id:
        told = ", ".join(sorted(f"{name} on {task}" for name, task in named))
        raise RunError(
            f"{folder}: holds shards of {told}, and one task of {submission.id} is asked"
        )
    task = load_task(next(iter(named))[1])
    assigned = assign(submission, manifest, task)
    answers = merge_shards(shards, assigned.key, assigned.packs)
    return settle(
        assigned,
        answers,
        parameters=shards[0].facts["parameters"],
        run=merge_runs(shards, answers) | (vouched or {}),
        out=out,
        keep_below=keep_below,
    )
