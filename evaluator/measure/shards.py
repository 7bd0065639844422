"""Shards: parts of a measurement that were answered apart, as they stand on disk.

A shard is a folder `<name>/<I>-of-<N>/` with the journal of its packs and `shard.json`, which says
what it belongs to and how it was run. Shards may come from machines that are not trusted, so they
are read as strictly as anything from a stranger.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from evaluator.core.errors import DocumentError, Fault, RunError
from evaluator.core.files import Json, pretty_bytes, write_atomic
from evaluator.core.schema import read_json_document
from evaluator.measure.journal import Answered, read_journal

MAX_SHARDS = 999


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Which part of a measurement."""

    index: int
    """Counted from 1."""
    count: int
    """Parts in all."""

    def folder(self, root: Path, name: str) -> Path:
        """Return where the shard of a measurement of this name stands."""
        return root / name / f"{self.index}-of-{self.count}"


def parse_shard(text: str) -> Shard:
    """Return the shard that a text such as 2/8 names.

    Raises:
        RunError: no such shard.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,2})/([1-9][0-9]{0,2})", text)
    if found is None or int(found[1]) > int(found[2]):
        raise RunError(f"{text!r} names no shard: write I/N with 1 <= I <= N <= {MAX_SHARDS}")
    return Shard(index=int(found[1]), count=int(found[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """A shard as it was read from its folder."""

    folder: Path
    """Where it stands."""
    facts: Json
    """Content of shard.json."""
    done: dict[str, Answered]
    """Pack id -> answers."""

    @property
    def shard(self) -> Shard:
        """Return which part it says it is."""
        return Shard(index=self.facts["index"], count=self.facts["count"])


def describe_shard(*, submission: str, task: str, key: str, shard: Shard, parameters: int,
                   run: Json) -> Json:  # fmt: skip
    """Return the content of shard.json."""
    return {
        "schema": 1,
        "submission": submission,
        "task": task,
        "key": key,
        "index": shard.index,
        "count": shard.count,
        "parameters": parameters,
        "run": run,
    }


def write_shard(folder: Path, facts: Json) -> None:
    """Write shard.json: from now on the shard in `folder` counts as whole."""
    write_atomic(folder / "shard.json", pretty_bytes(facts))


def read_shard(folder: Path) -> HandedOver:
    """Return the shard in a folder.

    Raises:
        DocumentError: shard.json is missing or breaks its form.
        RunError: the journal cannot be read.
    """
    path = folder / "shard.json"
    try:
        data = path.read_bytes()
    except OSError as error:
        fault = Fault(
            str(path),
            0,
            "",
            f"cannot be read: {error.strerror}; the shard has not ended: run it "
            "again, it goes on where it stopped",
        )
        raise DocumentError([fault]) from None
    facts = read_json_document(data, str(path), "shard")
    return HandedOver(folder=folder, facts=facts, done=read_journal(folder))
