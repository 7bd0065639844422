"""Pinned files: found or fetched, verified to the byte, then read as rows.

A board's own file stands in its tree, at `submissions/tasks/<file>`. Any other is looked for in the
folders of `EVALUATOR_DATA` (`<folder>/<benchmark>/<file>`), then in the cache (by hash), then
fetched from the raw content address of its pinned commit. Its length and hash are checked before a
byte of it is parsed; nothing wrong is ever cached.
"""

from __future__ import annotations

import csv
import gzip
import http.client
import io
import json
import os
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluator.core.errors import DataError
from evaluator.core.files import git_blob_id, sha256, write_atomic
from evaluator.core.records import DataPin, Examples, Task
from evaluator.tasks.jsonl import board_folder

if TYPE_CHECKING:
    import datasets

RAW_ADDRESS = "https://raw.githubusercontent.com"
TIMEOUT_SECONDS = 60
"""Longest wait for a server's next bytes."""
MOST_BYTES = 256 * 1024 * 1024
"""Most bytes that are fetched of a file whose length is unknown."""


def data_folders() -> list[Path]:
    """Return the folders of `EVALUATOR_DATA`, separated like PATH."""
    named = os.environ.get("EVALUATOR_DATA", "")
    return [Path(part).expanduser() for part in named.split(os.pathsep) if part]


def cache_folder() -> Path:
    """Return where fetched files are kept: `EVALUATOR_CACHE`, else `~/.cache/evaluator`."""
    return Path(os.environ.get("EVALUATOR_CACHE", "~/.cache/evaluator")).expanduser() / "data"


def address_of(pin: DataPin) -> str:
    """Return the address of the file at its pinned commit.

    `EVALUATOR_RAW` replaces the host, for boards behind a mirror.
    """
    base = os.environ.get("EVALUATOR_RAW", RAW_ADDRESS).rstrip("/")
    return f"{base}/{pin.repo}/{pin.commit}/{urllib.parse.quote(pin.path)}"


def verify(pin: DataPin, data: bytes, place: str) -> None:
    """Check that `data` are the pinned bytes.

    Raises:
        DataError: other length or other hash; says where they came from.
    """
    if pin.bytes and len(data) != pin.bytes:
        raise DataError(
            f"{place}: {len(data)} bytes, but {pin.id} is pinned with {pin.bytes}. "
            + _way_out(pin, data)
        )
    found, wanted = (sha256(data), pin.sha256) if pin.sha256 else (git_blob_id(data), pin.git_blob)
    if found != wanted:
        raise DataError(
            f"{place}: hash {found[:12]}..., but {pin.id} is pinned as {wanted[:12]}... "
            + _way_out(pin, data)
        )


def _way_out(pin: DataPin, data: bytes) -> str:
    """Return what to do about a file with other bytes than its pin's."""
    if pin.repo:
        return "Remove the file or put the pinned one there (`evaluator data fetch`)."
    return (
        f"If the file is the right one, write `sha256: {sha256(data)}` into board.yaml, and raise "
        "the `version` of a task that has results."
    )


def at_hand(task: Task) -> bool:
    """Tell whether every file of a task can be read without fetching it."""
    return all(any(place.is_file() for place in (*_places(pin), _cached(pin))) for pin in task.pins)


def _cached(pin: DataPin) -> Path:
    return cache_folder() / (pin.sha256 or pin.git_blob)


def _places(pin: DataPin) -> list[Path]:
    """Return where the bytes of a pin may stand, in the order in which they are looked for."""
    places = [folder / pin.benchmark / pin.file for folder in data_folders()]
    if not pin.repo:
        places.insert(0, board_folder() / "tasks" / pin.file)
    return places


def find_bytes(pin: DataPin) -> bytes:
    """Return the verified bytes of a pinned file, fetching them if they are nowhere at hand.

    Raises:
        DataError: a file at hand has other bytes, or the file is nowhere and cannot be fetched.
    """
    cached = _cached(pin)
    places = _places(pin)
    for place in (*places, cached):
        if place.is_file():
            data = place.read_bytes()
            verify(pin, data, str(place))
            return data
    if not pin.repo:
        raise DataError(f"{pin.id}: a board's own file, and none of these is there: "
                        f"{', '.join(map(str, places))}")  # fmt: skip
    data = fetch(pin)
    verify(pin, data, address_of(pin))
    write_atomic(cached, data)
    return data


def fetch(pin: DataPin) -> bytes:
    """Return the bytes that the pin's address serves, at most one more than pinned.

    Raises:
        DataError: no network, or the server refuses.
    """
    address = address_of(pin)
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:
            data: bytes = answer.read((pin.bytes or MOST_BYTES) + 1)
            return data
    except (http.client.HTTPException, OSError, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        folders = ", ".join(map(str, data_folders()))
        looked = f"not in {folders}" if folders else "EVALUATOR_DATA is not set"
        raise DataError(
            f"{pin.id}: {looked}, it is not in the cache, and {address} does not answer "
            f"({getattr(error, 'reason', error)}). Connect to a network, or set EVALUATOR_DATA to "
            f"a folder that holds {pin.benchmark}/{pin.file}."
        ) from None


def parse_rows(pin: DataPin, data: bytes) -> list[dict[str, Any]]:
    """Parse verified bytes into flat rows.

    Every value keeps what the file says: text of a table stays text, and an object or a list inside
    a JSON record stays JSON text, so that its keys never become columns. Records that are no
    objects become rows of one column `value`; a JSON object on top becomes a row `key`, `value` for
    each of its keys.

    Raises:
        DataError: the bytes are not of the pinned format, or nobody reads it.
    """
    try:
        return _parse(pin, gzip.decompress(data) if pin.format == "jsonl.gz" else data)
    except (ValueError, RecursionError, csv.Error, OSError, EOFError, zlib.error) as error:
        raise DataError(f"{pin.id}: cannot be read as {pin.format}: {error}") from None


def _parse(pin: DataPin, data: bytes) -> list[dict[str, Any]]:
    text = data.decode(pin.encoding)
    if pin.format == "text":
        return [{"text": text}]
    if pin.format == "lines":
        return [{"text": line} for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
    if pin.format in ("csv", "tsv"):
        delimiter = "," if pin.format == "csv" else "\t"
        table = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows = [dict(row) for row in table]
        if any(None in row for row in rows):
            raise ValueError("a row has more cells than the first one has names")
        return rows
    if pin.format in ("jsonl", "jsonl.gz"):
        records = [json.loads(line) for line in text.split("\n") if line.strip()]
    elif pin.format == "json":
        records = json.loads(text)
        if isinstance(records, dict):
            records = [{"key": key, "value": value} for key, value in records.items()]
        if not isinstance(records, list):
            raise ValueError("the file is neither a list of records nor an object")
    else:
        raise DataError(
            f"{pin.id}: format {pin.format!r} is unknown; use csv, json, jsonl, jsonl.gz, "
            "lines, text or tsv"
        )
    return [_flat(record) for record in records]


def _flat(record: Any) -> dict[str, Any]:
    fields = record if isinstance(record, dict) else {"value": record}
    return {
        key: json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
        for key, value in fields.items()
    }


def load_rows(pin: DataPin) -> datasets.Dataset:
    """Return the rows of a pinned file as a `datasets.Dataset`.

    Raises:
        DataError: as `find_bytes` and `parse_rows`; a column of two types; another number of rows
            than pinned.
    """
    import datasets  # takes a second: only where real rows are read

    rows = parse_rows(pin, find_bytes(pin))
    # from_list takes its columns from the first row alone
    names = dict.fromkeys(name for row in rows for name in row)
    try:
        table = datasets.Dataset.from_list([{n: row.get(n) for n in names} for row in rows])
    except (TypeError, ValueError) as error:  # a column of two types
        raise DataError(f"{pin.id}: cannot be read as {pin.format}: {error}") from None
    if pin.rows and len(rows) != pin.rows:
        raise DataError(f"{pin.id}: {len(rows)} rows, but {pin.rows} are pinned: correct the pin")
    return table


def load_examples(task: Task) -> Examples:
    """Return the examples of a task, reading only what it pins.

    Raises:
        DataError: as `load_rows`; or a field is null that the task reads and other rows fill.
    """

    def read(pin: DataPin) -> Iterable[dict[str, Any]]:
        table = load_rows(pin)
        nulls = {name: table.data.column(name).null_count for name in table.column_names}
        gaps = frozenset(name for name, count in nulls.items() if 0 < count < len(table))
        rows: Iterable[dict[str, Any]] = table
        return [GappedRow(row, pin.id, i, gaps) for i, row in enumerate(rows, 1)] if gaps else rows

    return task.load(read)


class GappedRow(dict[str, Any]):
    """A row of a file with gaps: a gap that is read is told, and never becomes the word None."""

    def __init__(self, row: dict[str, Any], pin: str, number: int, gaps: frozenset[str]) -> None:
        super().__init__(row)
        self._place, self._gaps = f"{pin}: row {number}", gaps

    def __getitem__(self, name: str) -> Any:
        """Return a field.

        Raises:
            DataError: it is null here and not in all rows.
        """
        value = super().__getitem__(name)
        if value is None and name in self._gaps:
            raise DataError(f"{self._place}: field {name!r} is null, but other rows have it")
        return value
