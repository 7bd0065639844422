"""Run: packs -> responses, through the journal. The same command goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluator.backends.base import Backend
from evaluator.core.errors import RunError
from evaluator.core.files import json_lines, sha256
from evaluator.core.records import Response
from evaluator.measure.journal import Answered, open_journal
from evaluator.measure.packs import Pack, in_order

Progress = Callable[[int, int, float], None]
"""(requests done, requests in all, share of tokens that sharing has saved) -> shown to a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Everything a model answered to a task."""

    responses: tuple[Response, ...]
    """In the order of the request list."""
    seconds: float
    """Time spent answering, over all attempts."""
    tokens: int
    """Tokens that entered the model."""


def run_packs(
    packs: Sequence[Pack], load: Callable[[], Backend], folder: Path, progress: Progress
) -> Answers:
    """Answer all packs, keeping the journal in `folder`.

    The model is loaded only if a pack is still to be answered.

    Raises:
        RunError: the journal is held by another process, or a backend answers out of order.
    """
    total = sum(len(pack.requests) for pack in packs)
    with open_journal(folder) as journal:
        finished = sum(len(pack.requests) for pack in packs if pack.id in journal.done)
        progress(finished, total, 0.0)
        backend: Backend | None = None
        for pack in packs:
            if pack.id in journal.done:
                continue
            backend = backend or load()
            journal.append(pack, _answer(backend, pack))
            finished += len(pack.requests)
            progress(finished, total, _share_saved(backend))
        return gather(packs, journal.done)


def gather(packs: Sequence[Pack], done: Mapping[str, Answered]) -> Answers:
    """Return what was answered to packs, all of which are done, in the order of the requests."""
    answered = [done[pack.id] for pack in packs]
    return Answers(
        responses=tuple(in_order(packs, [part.responses for part in answered])),
        seconds=round(sum(part.seconds for part in answered), 3),
        tokens=sum(part.tokens for part in answered),
    )


def _share_saved(backend: Backend) -> float:
    return backend.tokens_saved / max(1, backend.tokens_saved + backend.tokens_fed)


def _answer(backend: Backend, pack: Pack) -> Answered:
    fed, start = backend.tokens_fed, time.monotonic()
    responses = tuple(backend.answer(pack.requests))
    asked = [(request.item, request.index) for request in pack.requests]
    if [(response.item, response.index) for response in responses] != asked:
        raise RunError(f"pack {pack.id[:12]}: the backend's answers are not those asked for")
    return Answered(
        responses=responses,
        seconds=round(time.monotonic() - start, 6),
        tokens=backend.tokens_fed - fed,
    )


def response_lines(responses: Sequence[Response]) -> bytes:
    """Return responses as canonical JSON lines: what their sha256 is taken of."""
    return json_lines(
        {"item": r.item, "index": r.index, "text": r.text, "finish": r.finish, "tokens": r.tokens,
         "dropped": r.dropped}
        if r.finish != "scored"
        else {"item": r.item, "index": r.index, "logprob": r.logprob, "greedy": r.greedy,
              "tokens": r.tokens, "dropped": r.dropped}
        for r in responses
    )  # fmt: skip


def run_name(lines: bytes) -> str:
    """Return the name of a run: the first 8 hex digits of its responses' hash."""
    return sha256(lines)[:8]
