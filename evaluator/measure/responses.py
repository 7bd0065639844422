"""Responses on disk: one canonical JSON line each, compressed beside their result.

What stands there is read as data of a stranger: bounded, each line held to its form, no number that
cannot be.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_type_hints

from evaluator.backends.numbers import ABOVE_ZERO
from evaluator.core.errors import ScoreError
from evaluator.core.files import Json, json_lines, parse_json
from evaluator.core.records import Response

MAX_LINE = 4 * 1024 * 1024
"""Bytes of one response; the longest text that a task asks for is far below."""
MAX_BYTES = 512 * 1024 * 1024
"""Bytes of all responses of a result after unpacking."""
TYPES: dict[str, type] = get_type_hints(Response)
"""Every field of a response -> its type."""
KINDS = list(TYPES.values())
SCORED = TYPES.keys() - {"text", "finish"}
"""What stands in the line of a scored continuation."""
WRITTEN = TYPES.keys() - {"logprob", "greedy"}
"""What stands in the line of a generated text."""
ABSENT = {"logprob": 0.0, "greedy": True, "text": "", "finish": "scored"}
"""What a line leaves out."""


def response_lines(responses: Iterable[Response]) -> bytes:
    """Return responses as canonical JSON lines: what their sha256 is taken of."""
    return json_lines(
        {name: getattr(r, name) for name in (SCORED if r.finish == "scored" else WRITTEN)}
        for r in responses
    )


def kept_lines(packed: Path) -> Iterator[bytes]:
    """Yield the lines of a file of kept responses, each with its line end.

    Raises:
        ScoreError: not gzip, cut off, or longer than any that could be.
    """
    total = 0
    try:
        with gzip.open(packed) as file:
            while line := file.readline(MAX_LINE + 1):
                total += len(line)
                if len(line) > MAX_LINE or total > MAX_BYTES:
                    raise ScoreError(f"{packed.name} unpacks to more than any responses have")
                yield line
    except (OSError, EOFError, zlib.error) as error:
        raise ScoreError(f"{packed.name} cannot be unpacked: {error}") from None


def parse_response(line: bytes) -> Response:
    """Return the response that one line says.

    Raises:
        ValueError: not a response as `response_lines` writes it.
    """
    entry = parse_json(line)
    if not isinstance(entry, dict):
        raise ValueError("a response must be an object")
    wanted = SCORED if "logprob" in entry else WRITTEN
    if entry.keys() != wanted:
        raise ValueError(f"a response must have the fields {', '.join(sorted(wanted))}, no other")
    return to_response({**ABSENT, **entry})


def to_response(fields: Json) -> Response:
    """Return a response from all its fields.

    Raises:
        ValueError: a field that is missing, unknown or of another type, or an impossible number.
    """
    if not isinstance(fields, dict) or fields.keys() != TYPES.keys():
        raise ValueError(f"a response has the fields {', '.join(TYPES)}")
    if [type(fields[name]) for name in TYPES] != KINDS:
        wrong = next(name for name, kind in TYPES.items() if type(fields[name]) is not kind)
        raise ValueError(f"{wrong} of a response must be of type {TYPES[wrong].__name__}")
    if not fields["logprob"] <= ABOVE_ZERO:
        raise ValueError(f"item {fields['item']!r} has a log-likelihood above zero")
    return Response(**fields)
