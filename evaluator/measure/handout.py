"""Handout: the requests of a shard, for a model that is run where there is no test data.

What a sandbox gets holds questions and choices, never what is right. It answers them and writes
a shard; whoever handed the requests out joins and scores it.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from evaluator.backends import Backend
from evaluator.core.files import Json, canonical_bytes, parse_json, write_atomic
from evaluator.core.records import Prompt, Request
from evaluator.measure.packs import Pack, cut_shard
from evaluator.measure.provenance import now
from evaluator.measure.run import Answers, Progress, run_packs
from evaluator.measure.shards import Shard, describe_shard, write_shard

ENDING = ".jsonl.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handout:
    """Some packs of one measurement."""

    name: str
    """Name of the measurement's files."""
    submission: str
    """<org>/<model>."""
    task: str
    """Name of the task."""
    key: str
    """Identity of the measurement."""
    shard: Shard
    """Which part of it this is."""
    packs: tuple[Pack, ...]
    """The packs of that part."""


def hand_out(name: str, submission: str, task: str, key: str, packs: Sequence[Pack],
             shard: Shard) -> Handout:  # fmt: skip
    """Return the handout of a shard of a measurement; `packs` are all packs of the measurement."""
    return Handout(
        name=name, submission=submission, task=task, key=key, shard=shard,
        packs=tuple(cut_shard(packs, shard.index, shard.count)),
    )  # fmt: skip


def write_handout(handout: Handout, folder: Path) -> Path:
    """Write a handout below a folder and return its path."""
    names = ("name", "submission", "task", "key")
    head = {name: getattr(handout, name) for name in names} | asdict(handout.shard)
    lines: list[Json] = [head]
    lines += [
        {"pack": p.id, "places": p.places, "requests": [asdict(r) for r in p.requests]}
        for p in handout.packs
    ]
    path = folder / f"{handout.name}{ENDING}"
    data = b"".join(canonical_bytes(line) + b"\n" for line in lines)
    write_atomic(path, gzip.compress(data, compresslevel=1, mtime=0))
    return path


def read_handout(path: Path) -> Handout:
    """Return a handout that `write_handout` wrote."""
    with gzip.open(path, "rb") as file:
        head, *rest = (parse_json(line) for line in file)
    packs = tuple(
        Pack(
            id=line["pack"],
            places=tuple(line["places"]),
            requests=tuple(map(_request, line["requests"])),
        )
        for line in rest
    )
    return Handout(
        name=head["name"], submission=head["submission"], task=head["task"], key=head["key"],
        shard=Shard(index=head["index"], count=head["count"]), packs=packs,
    )  # fmt: skip


def _request(value: Json) -> Request:
    prompt = value["prompt"]
    shots = tuple((question, target) for question, target in prompt["shots"])
    return Request(
        **value
        | {
            "prompt": Prompt(**prompt | {"shots": shots}),
            "stop": tuple(value["stop"]),
            "texts": tuple(value["texts"]),
        }
    )


def answer_handout(
    handout: Handout,
    load: Callable[[], Backend],
    work: Path,
    describe: Callable[[Answers, str], Json],
    progress: Progress,
) -> Path:
    """Answer all packs of a handout and return the folder of the shard, below `work`.

    Args:
        handout: what is asked.
        load: loads the model; called at most once.
        work: folder of shards.
        describe: (answers, time of the first request) -> the `run` section.
        progress: is told how far it is.

    Raises:
        ModelError, RunError: as the steps.
    """
    folder = handout.shard.folder(work, handout.name)
    started = now()
    answers = run_packs(handout.packs, load, folder, progress)
    facts = describe_shard(
        submission=handout.submission,
        task=handout.task,
        key=handout.key,
        shard=handout.shard,
        parameters=load().parameters,
        run=describe(answers, started),
    )
    write_shard(folder, facts)
    return folder
