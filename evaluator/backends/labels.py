"""What classifiers share: their label map against the labels asked for, texts, and responses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluator.backends import respond
from evaluator.backends.numbers import nats
from evaluator.core.errors import ModelError
from evaluator.core.records import Request, Response

Texts = tuple[str, ...]
"""A text, or two that are compared."""
Row = Mapping[str, list[int]]
"""Name of a model's input (input_ids, token_type_ids, attention_mask) -> one number a token."""


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


def read_labels(folder: Path, config: Mapping[str, Any]) -> list[str]:
    """Return the label map of a configuration, in the order of the head's outputs.

    Raises:
        ModelError: a head for regression or for several labels at once, no numbers from 0 on, or
            fewer than two labels.
    """
    if (problem := config.get("problem_type")) in ("regression", "multi_label_classification"):
        raise ModelError(
            f"{folder}/config.json: problem_type {problem!r} gives no probability of one label "
            "among several"
        )
    found = config.get("id2label")
    named = (
        {str(key): str(label) for key, label in found.items()} if isinstance(found, Mapping) else {}
    )
    if len(named) < 2 or set(named) != {str(i) for i in range(len(named))}:
        raise ModelError(
            f"{folder}/config.json: id2label must name at least two labels, numbered from 0"
        )
    return [named[str(i)] for i in range(len(named))]


def encode_texts(tokenizer: Any, texts: Texts, longest: int) -> tuple[Row, int]:
    """Return the inputs for a text or pair, and how many tokens were cut to make it fit."""
    row = dict(tokenizer(*texts))
    length = len(row["input_ids"])
    if length > longest:
        row = dict(tokenizer(*texts, truncation="longest_first", max_length=longest))
    return row, length - len(row["input_ids"])


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
    score = nats(judged.logprobs[place]), place == best
    return respond.scored(request, score, judged.tokens, judged.dropped)


def _shown(labels: Sequence[str]) -> str:
    return ", ".join(repr(label) for label in labels) or "none"
