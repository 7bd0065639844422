"""Run: packs -> responses, through the journal. The same command goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluator.backends.base import Backend
from evaluator.backends.panic import panic_in_words
from evaluator.core.errors import RunError
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A pack that has just been answered."""

    pack: Pack
    answered: Answered
    saved: float
    """Share of tokens that sharing has saved so far where it was answered."""


def run_packs(
    packs: Sequence[Pack], load: Callable[[], Backend], folder: Path, progress: Progress
) -> Answers:
    """Answer all packs in this process, keeping the journal in `folder`.

    The model is loaded only if a pack is still to be answered.

    Raises:
        RunError: the journal is held by another process, or a backend answers out of order.
    """

    def answer(rest: Sequence[Pack]) -> Iterator[Done]:
        backend = load() if rest else None
        for pack in rest:
            assert backend is not None
            yield answer_pack(backend, pack)

    return keep_answers(packs, answer, folder, progress)


def keep_answers(
    packs: Sequence[Pack],
    answer: Callable[[Sequence[Pack]], Iterator[Done]],
    folder: Path,
    progress: Progress,
) -> Answers:
    """Let somebody answer the packs that the journal in `folder` lacks, in any order.

    Raises:
        RunError: the journal is held by another process.
    """
    total = sum(len(pack.requests) for pack in packs)
    with open_journal(folder) as journal:
        rest = [pack for pack in packs if pack.id not in journal.done]
        finished = total - sum(len(pack.requests) for pack in rest)
        progress(finished, total, 0.0)
        for done in answer(rest):
            journal.append(done.pack, done.answered)
            finished += len(done.pack.requests)
            progress(finished, total, done.saved)
        return gather(packs, journal.done)


def gather(packs: Sequence[Pack], done: Mapping[str, Answered]) -> Answers:
    """Return what was answered to packs, all of which are done, in the order of the requests."""
    answered = [done[pack.id] for pack in packs]
    return Answers(
        responses=tuple(in_order(packs, [part.responses for part in answered])),
        seconds=round(sum(part.seconds for part in answered), 3),
        tokens=sum(part.tokens for part in answered),
    )


def answer_pack(backend: Backend, pack: Pack) -> Done:
    """Let a backend answer a pack.

    Raises:
        ModelError: what the model brings cannot be used.
        RunError: it answers something that was not asked.
    """
    fed, start = backend.tokens_fed, time.monotonic()
    with panic_in_words():
        responses = tuple(backend.answer(pack.requests))
    asked = [(request.item, request.index) for request in pack.requests]
    if [(response.item, response.index) for response in responses] != asked:
        raise RunError(f"pack {pack.id[:12]}: the backend's answers are not those asked for")
    answered = Answered(
        responses=responses,
        seconds=round(time.monotonic() - start, 6),
        tokens=backend.tokens_fed - fed,
    )
    saved = backend.tokens_saved / max(1, backend.tokens_saved + backend.tokens_fed)
    return Done(pack=pack, answered=answered, saved=saved)
