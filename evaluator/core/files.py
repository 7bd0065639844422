"""Bytes on disk: canonical JSON, hashes, atomic writes.

Canonical means: the same value gives the same bytes on every machine. Keys sorted, no NaN, UTF-8,
one newline at the end; floats as Python prints them (the shortest text that reads back the same).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gzip
import hashlib
import json
import math
import os
import stat
import tempfile
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from evaluator.core.errors import DocumentError, EvaluatorError, Fault

PART = ".part-"
"""How the names of files begin that are being written."""
LARGEST = 64 * 1024 * 1024
"""Bytes of a file of a tree; the largest, kept responses, are far below."""
PLAIN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""How a file of a tree is opened: as it is looked at, so that nothing can take its place between;
no link is followed and no pipe waited for."""
NOT_PLAIN = "not a plain file: commit the file itself"
Json = Any
"""A value made of dict, list, str, int, float, bool and None."""


def canonical_bytes(value: Json) -> bytes:
    """Return `value` as compact canonical JSON without a final newline, for hashing."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def pretty_bytes(value: Json) -> bytes:
    """Return `value` as canonical JSON that people can read and git can diff."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False)
    return (text + "\n").encode()


def json_lines(values: Iterable[Json]) -> bytes:
    """Return `values` as canonical JSON lines."""
    return b"".join(canonical_bytes(value) + b"\n" for value in values)


def parse_json(data: bytes) -> Json:
    """Parse JSON as the project writes it: UTF-8, no NaN, no repeated keys.

    Raises:
        ValueError: anything else, with the reason.
    """
    try:
        text = data.decode("utf-8")
        value = _STRICT.decode(text)
        if "\\u" in text:
            canonical_bytes(value)  # an escaped half of a surrogate pair cannot be written
        return value
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"{digits[:20]} is larger than any number here")
    return value


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {next(k for k in keys if keys.count(k) > 1)!r} stands twice")
    return found


_STRICT = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_unique
)


def sha256(data: bytes) -> str:
    """Return the sha256 of `data` in 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the sha256 of a file in 64 hex digits, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_json(value: Json) -> str:
    """Return the sha256 of the canonical JSON of `value`."""
    return sha256(canonical_bytes(value))


def hash_json_list(values: Iterable[Json]) -> str:
    """Return `hash_json` of the list of these values; its text is never held as a whole."""
    digest, left, comma = hashlib.sha256(b"["), iter(values), b""
    while some := list(islice(left, 1000)):
        digest.update(comma + canonical_bytes(some)[1:-1])
        comma = b","
    digest.update(b"]")
    return digest.hexdigest()


def git_blob_id(data: bytes) -> str:
    """Return the id under which git stores a file with these bytes (40 hex digits)."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def read_plain(path: Path, name: str = "") -> bytes:
    """Return the bytes of a plain file of a tree: no link is followed, no pipe is waited for.

    `name` stands for the path in faults.

    Raises:
        DocumentError: no such file, no plain file, or more bytes than any of the board's files has.
    """
    try:
        handle = os.open(path, PLAIN)
        try:
            facts = os.fstat(handle)
            if not stat.S_ISREG(facts.st_mode):
                told = NOT_PLAIN
            elif facts.st_size > LARGEST:
                told = f"{facts.st_size:,} bytes; at most {LARGEST:,} are read"
            else:
                return _read_to_end(handle, facts.st_size)
        finally:
            os.close(handle)
    except FileNotFoundError:
        told = "no such file"
    except OSError as error:
        special = error.errno in (errno.ELOOP, errno.ENXIO)  # a link, a socket
        told = NOT_PLAIN if special else f"cannot be read: {error.strerror}"
    raise DocumentError([Fault(name or str(path), 0, "", told)])


def _read_to_end(handle: int, size: int) -> bytes:
    """Return the bytes of an open file: in one call, unless the file system hands out less."""
    data = os.read(handle, size)
    while len(data) < size and (more := os.read(handle, size - len(data))):
        data += more
    return data


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a reader sees the old file or the new one, never a part.

    What a killed process left behind in the same folder is removed.

    Raises:
        EvaluatorError: the disk is full, the folder cannot be written to; nothing is left behind.
    """
    _write(path, data, os.replace)


def write_new(path: Path, data: bytes) -> None:
    """Write `data` to `path` as `write_atomic` does, unless a file stands there: that one stays.

    Raises:
        EvaluatorError: as `write_atomic`.
    """
    _write(path, data, _link_new)


def _link_new(written: Path, path: Path) -> None:
    """Give a written file its name if nothing has it; the file system decides who is first."""
    with contextlib.suppress(FileExistsError):
        os.link(written, path)
    written.unlink()


def _write(path: Path, data: bytes, place: Callable[[Path, Path], None]) -> None:
    """Write `data` beside `path`, whole and flushed to disk, then put it in its place."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = _begin(path)
        with os.fdopen(handle, "wb") as file:
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                part.chmod(0o644)
                place(part, path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
        _sweep(path.parent)
    except OSError as error:
        raise EvaluatorError(f"{path}: cannot be written: {error.strerror}") from None


def _begin(path: Path) -> tuple[int, Path]:
    """Return a new file beside `path` to write to, locked for as long as it is open."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{PART}{path.name}.")
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)  # another process took it for one that was left behind


def _sweep(folder: Path) -> None:
    """Remove parts whose writer is gone: nobody holds their lock."""
    for part in folder.glob(f"{PART}*"):
        try:
            with part.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink(missing_ok=True)
        except OSError:
            continue  # being written, or gone already


def compress(data: bytes) -> bytes:
    """Return gzip bytes that depend on `data` alone (no clock, no name)."""
    return gzip.compress(data, compresslevel=9, mtime=0)
