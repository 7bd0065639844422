"""Copy out of a folder that somebody else could write to: expected regular files, and nothing else.

The folder is held open and every name is looked up in it without following links, so that a link, a
pipe, a device or a name that points elsewhere is never opened as what it pretends to be.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from evaluator.core.errors import RunError

MAX_LOOKED_AT = 100_000
"""Most names that are looked at below a folder."""
CHUNK = 1 << 20
"""Bytes that are copied at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What was taken, and how much was left."""

    taken: tuple[str, ...]
    """Files copied, relative to both folders, sorted."""
    left: int
    """Names that were not expected and were left alone."""


def collect(source: Path, to: Path, expected: str, max_bytes: int) -> Collected:
    """Copy the files below `source` whose relative path matches `expected`.

    Args:
        source: folder that was written by an untrusted process.
        to: folder to copy to; made if need be.
        expected: regular expression of whole relative paths.
        max_bytes: most bytes of all files together.

    Raises:
        RunError: an expected name is no plain file of its own, or there is too much.
    """
    names, left = _names_below(source, re.compile(expected))
    taken: list[str] = []
    room = max_bytes
    for name in names:
        room -= _copy(source, name, to, room)
        taken.append(name)
    return Collected(taken=tuple(taken), left=left)


def _names_below(source: Path, expected: re.Pattern[str]) -> tuple[list[str], int]:
    """Return (expected relative paths, number of others), never following a link to a folder."""
    found: list[str] = []
    left = seen = 0
    waiting = [""]
    while waiting:
        below = waiting.pop()
        with os.scandir(source / below) as entries:
            for entry in entries:
                seen += 1
                if seen > MAX_LOOKED_AT:
                    raise RunError(f"{source}: more than {MAX_LOOKED_AT:,} files were handed over")
                name = f"{below}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{name}/")
                elif expected.fullmatch(name):
                    found.append(name)
                else:
                    left += 1
    return sorted(found), left


def _copy(source: Path, name: str, to: Path, room: int) -> int:
    """Copy one file and return its length."""
    file = _open_plain(source, name)
    with os.fdopen(file, "rb") as reader:
        facts = os.fstat(file)
        if not stat.S_ISREG(facts.st_mode):
            raise RunError(f"{name}: handed over as something that is no file")
        if facts.st_nlink != 1:
            raise RunError(f"{name}: handed over as a second name of another file")
        if facts.st_size > room:
            raise RunError(f"{name}: {facts.st_size:,} bytes; at most {room:,} more are taken")
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copied = 0
        with target.open("xb") as writer:
            # it may still grow while it is read
            while copied <= room and (chunk := reader.read(CHUNK)):
                copied += len(chunk)
                writer.write(chunk)
    if copied > room:
        target.unlink()
        raise RunError(f"{name}: more than {room:,} bytes")
    return copied


def _open_plain(source: Path, name: str) -> int:
    """Open a file below a folder, refusing a link at any step of the way."""
    folder = os.open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    *parents, last = name.split("/")
    try:
        for parent in parents:
            inner = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        # not to block on a pipe that nobody writes to
        return os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        raise RunError(f"{name}: handed over as a link or not readable: {error.strerror}") from None
    finally:
        os.close(folder)
