"""What classifiers share: their label map against the labels asked for, and their responses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluator.backends.batches import nats
from evaluator.core.errors import ModelError
from evaluator.core.records import Request, Response

Texts = tuple[str, ...]
"""A text, or two that are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a classifier makes of one text or pair."""

    logprobs: tuple[float, ...]
    """Log-probability of each of its labels in nats, in the order of its label map."""
    tokens: int
    """Tokens read; 0 if the model reads text itself."""
    dropped: int
    """Tokens cut from the right because the text was longer than the model takes."""


def plain(label: str) -> str:
    """Return a label without case, underscores and doubled spaces: how label maps are compared."""
    return " ".join(label.replace("_", " ").casefold().split())


def match_labels(asked: Sequence[str], known: Sequence[str]) -> list[int]:
    """Return the place of each asked label in a model's label map.

    Raises:
        ModelError: the two do not hold the same labels; shows both lists.
    """
    place = {plain(label): i for i, label in enumerate(known)}
    wanted = [plain(label) for label in asked]
    if len(place) != len(known) or set(wanted) != set(place):
        missing = [label for label in asked if plain(label) not in place]
        extra = [label for label in known if plain(label) not in wanted]
        told = f"; it lacks {_shown(missing)}" if missing else ""
        told += f"; the task does not know {_shown(extra)}" if extra else ""
        raise ModelError(
            f"the model's label map (id2label) does not fit the task{told}. "
            f"The task's labels: {_shown(asked)}. The model's: {_shown(known)}."
        )
    return [place[label] for label in wanted]


def answer_labels(
    requests: Sequence[Request],
    known: Sequence[str],
    judge: Callable[[list[Texts]], list[Judged]],
) -> list[Response]:
    """Answer label requests; each distinct text or pair is judged once.

    Args:
        requests: each names one label and the labels there are.
        known: the model's label map.
        judge: texts -> what the model makes of each, in order.

    Raises:
        ModelError: a request without bare texts, or labels that the model does not have.
    """
    places: dict[Texts, list[int]] = {}
    for request in requests:
        if request.generate or not request.texts:
            raise ModelError(f"item {request.item}: no bare text for a classifier")
        if request.labels not in places:
            places[request.labels] = match_labels(request.labels, known)
    texts = list(dict.fromkeys(request.texts for request in requests))
    judged = dict(zip(texts, judge(texts), strict=True))
    return [
        _respond(r, judged[r.texts], places[r.labels][r.labels.index(r.continuation)])
        for r in requests
    ]


def _respond(request: Request, judged: Judged, place: int) -> Response:
    best = max(range(len(judged.logprobs)), key=judged.logprobs.__getitem__)
    return Response(
        item=request.item,
        index=request.index,
        logprob=nats(judged.logprobs[place]),
        greedy=place == best,
        text="",
        finish="scored",
        tokens=judged.tokens,
        dropped=judged.dropped,
    )


def _shown(labels: Sequence[str]) -> str:
    return ", ".join(repr(label) for label in labels) or "none"
