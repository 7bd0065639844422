"""Invented files in the form of each benchmark's real ones: one module a benchmark.

A module is named after the benchmark of its pins and has `file(pin) -> bytes`. Prompt tests read
them, so that the exact text of every prompt can stand in the repository without anyone's data.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
from collections.abc import Sequence
from typing import Any

from evaluator.core.records import DataPin, Examples, Task
from evaluator.measure.data import parse_rows


def invented(pin: DataPin) -> bytes:
    """Bytes in the form of a pinned file."""
    content: bytes = importlib.import_module(f"invented.{pin.benchmark}").file(pin)
    return content


def invented_examples(task: Task) -> Examples:
    return task.load(lambda pin: parse_rows(pin, invented(pin)))


def csv_bytes(*rows: Sequence[str], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def json_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def lines(*records: Any) -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()
