"""The journal of a run: answered packs, appended as they come, so that a killed run goes on.

One JSON line a pack: its id (the hash of what was sent), its responses and what it cost. A line is
written whole and flushed to disk before the next pack starts; a line that was cut off by a crash is
dropped on reading. One process at a time holds the journal.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path

from evaluator.core.errors import BusyError, RunError
from evaluator.core.files import canonical_bytes, parse_json
from evaluator.core.records import Response
from evaluator.measure.packs import Pack
from evaluator.measure.responses import to_response


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A pack with its responses."""

    responses: tuple[Response, ...]
    """One for each request of the pack, in order."""
    seconds: float
    """Time it took."""
    tokens: int
    """Tokens that entered the model for it."""


class Journal:
    """The file `journal.jsonl` of one measurement."""

    def __init__(self, file: FileIO, done: dict[str, Answered]) -> None:
        self._file = file
        self.done = done

    def append(self, pack: Pack, answered: Answered) -> None:
        """Write one answered pack to disk.

        Raises:
            RunError: the disk is full or fails; what was written of the line is dropped next time.
        """
        line = {
            "pack": pack.id,
            "seconds": answered.seconds,
            "tokens": answered.tokens,
            "responses": [asdict(response) for response in answered.responses],
        }
        data = canonical_bytes(line) + b"\n"
        try:
            while data:
                data = data[self._file.write(data) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            raise RunError(f"{self._file.name}: cannot be written: {error.strerror}") from None
        self.done[pack.id] = answered


@contextmanager
def open_journal(folder: Path) -> Iterator[Journal]:
    """Open the journal in `folder`, creating it if need be, and hold it alone.

    Raises:
        BusyError: another process holds it, or has ended this moment and takes it away.
        RunError: it cannot be written.
    """
    path = folder / "journal.jsonl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b", buffering=0)
    except FileNotFoundError:
        raise BusyError(f"{path}: another process has just ended this; run again") from None
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BusyError(f"{path}: another process is measuring this; wait for it") from None
        file.seek(0)
        done, whole = _read_lines(file.read())
        file.truncate(whole)  # a line cut off by a crash
        yield Journal(file, done)


def read_journal(folder: Path) -> dict[str, Answered]:
    """Return the answered packs of a journal that is finished, without holding it.

    Raises:
        RunError: it cannot be read, or ends in something that is no whole line.
    """
    path = folder / "journal.jsonl"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}") from None
    done, whole = _read_lines(data)
    if whole < len(data):
        raise RunError(f"{path}: broken after {whole:,} bytes; the run has not ended well")
    return done


def _read_lines(data: bytes) -> tuple[dict[str, Answered], int]:
    """Return the answered packs and the length of the whole lines they stand in."""
    done: dict[str, Answered] = {}
    whole = 0
    for line in data.splitlines(keepends=True):
        try:
            pack, answered = _read_line(line)
        except (ValueError, KeyError, TypeError):
            break
        if not line.endswith(b"\n"):
            break
        done[pack] = answered
        whole += len(line)
    return done, whole


def _read_line(line: bytes) -> tuple[str, Answered]:
    """Return the pack's id and its answers; raises if anything is not what `append` writes."""
    entry = parse_json(line)
    seconds, tokens = entry["seconds"], entry["tokens"]
    if not isinstance(entry["pack"], str) or type(tokens) is not int or seconds < 0:
        raise ValueError("not a line of a journal")
    responses = tuple(to_response(fields) for fields in entry["responses"])
    return entry["pack"], Answered(responses=responses, seconds=float(seconds), tokens=tokens)
