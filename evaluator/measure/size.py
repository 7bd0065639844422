"""Size: how much room a model takes, told before any of its files is fetched.

    what the hub lists, or files that are here -> bytes -> fits this runner, or does not

A model takes the larger of its files and its numbers in the format they are run in: weights stored
as bfloat16 and run as float32 take twice their files.
"""

from __future__ import annotations

import json
import math
import os
import time
import urllib.request
from fnmatch import fnmatch
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evaluator.backends.vetting import read_header
from evaluator.core.errors import ModelError
from evaluator.core.files import Json
from evaluator.core.records import Submission
from evaluator.measure.manifest import ADAPTER_FILES, FILES

HUB = "https://huggingface.co"
SECONDS = 20
"""Most that the hub may take to list a repository."""
MOST_BYTES = 4_000_000
"""Longest list that is read: some 20,000 files."""
WIDTHS = {"float32": 4, "bfloat16": 2, "float16": 2}
"""Number format that weights are run in -> bytes of a number."""


def must_fit(submission: Submission, takes: int | None, room: int) -> None:
    """Refuse a model that takes more bytes than a runner has room for (0: any; None: unknown).

    Raises:
        ModelError: says both.
    """
    if reason := why_too_large(submission, takes, room):
        raise ModelError(f"{submission.id}: {reason}")


def why_too_large(submission: Submission, takes: int | None, room: int) -> str:
    """Return why a model is not measured by a runner; '' if it is, or if its size is unknown."""
    if not room or takes is None or takes <= room:
        return ""
    numbers = f" in {submission.dtype}" if submission.dtype else ""
    return (
        f"it takes {takes / 1e9:,.1f} GB{numbers} and this board's runner has room for "
        f"{room / 1e9:,.1f} GB (`eligibility` in board.yaml)"
    )


def listed_size(submission: Submission) -> int | None:
    """Return the bytes that a model takes by what the hub lists; None if the hub does not tell.

    Nothing is downloaded but the list. A model that is not on the hub takes 0.
    """
    places: list[tuple[str, str, tuple[str, ...]]] = []
    if submission.repo:
        places.append((submission.repo, submission.revision, FILES))
    repo, on_hub, revision = submission.adapter.partition("@")
    if on_hub:
        places.append((repo, revision, ADAPTER_FILES))
    sizes = [_listed(*place, submission.dtype) for place in places]
    return sum(size for size in sizes if size is not None) if None not in sizes else None


def _listed(repo: str, revision: str, patterns: tuple[str, ...], dtype: str) -> int | None:
    told = _ask_hub(f"{repo}/revision/{revision}?blobs=true")
    try:
        files = [(str(f["rfilename"]), int(f.get("size") or 0)) for f in told["siblings"]]
        counts = (told.get("safetensors") or {}).get("parameters") or {}
        numbers = sum(int(count) for count in counts.values())
    except (TypeError, KeyError, ValueError, AttributeError):
        return None
    held = sum(size for name, size in files if any(fnmatch(name, p) for p in patterns))
    return max(held, numbers * WIDTHS.get(dtype, 0))


class _Within(urllib.request.HTTPRedirectHandler):
    """Follow a redirect within the hub alone: the token must not go to another place."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _ask_hub(path: str) -> Json:
    """Return what the hub tells of a repository; None if it does not answer well or soon."""
    address = f"{os.environ.get('HF_ENDPOINT') or HUB}/api/models/{path}"
    asked = urllib.request.Request(address)
    if token := os.environ.get("HF_TOKEN"):
        asked.add_header("Authorization", f"Bearer {token}")
    deadline = time.monotonic() + SECONDS
    try:
        with urllib.request.build_opener(_Within).open(asked, timeout=SECONDS) as reply:
            data = b""
            while part := reply.read1(65_536):
                data += part
                if len(data) > MOST_BYTES or time.monotonic() > deadline:
                    return None
            return json.loads(data)
    except (OSError, HTTPException, ValueError, RecursionError):
        return None


def held_size(submission: Submission, *folders: Path | None) -> int:
    """Return the bytes that a model takes whose files, and those of its adapter, are here.

    Raises:
        ModelError: safetensors with a broken header.
    """
    size = 0
    for folder in folders:
        names = {
            p for pattern in (*FILES, *ADAPTER_FILES) for p in (folder or Path()).glob(pattern)
        }
        weights = [path for path in names if path.suffix == ".safetensors"]
        shapes = [shape for path in weights for _, shape in read_header(path).values()]
        numbers = sum(math.prod(shape) for shape in shapes)
        held = sum(path.stat().st_size for path in names)
        size += max(held, numbers * WIDTHS.get(submission.dtype, 0)) if folder else 0
    return size
