"""What a model said to one request: where a text ends, and the response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evaluator.core.records import Request, Response

if TYPE_CHECKING:  # both are made with torch, which a served model does not need
    from evaluator.backends.ending import Written
    from evaluator.backends.tokens import Scored


def cut_at(text: str, stops: Sequence[str]) -> str:
    """Return a text up to the first of its stop strings.

    One after the other in their order, as lm-evaluation-harness 0.4.13 does: of two that overlap,
    the second is whole no more.
    """
    for stop in stops:
        text = text.partition(stop)[0]
    return text


def scored(request: Request, score: Scored, tokens: int, dropped: int) -> Response:
    """Return the response to a request that asks how likely a continuation is.

    Args:
        request: what was asked.
        score: the continuation's log-likelihood in nats, and whether greedy decoding writes it.
        tokens: tokens of the continuation.
        dropped: tokens of the prompt that did not fit.
    """
    return Response(
        item=request.item,
        index=request.index,
        logprob=score[0],
        greedy=score[1],
        text="",
        finish="scored",
        tokens=tokens,
        dropped=dropped,
    )


def written(request: Request, text: Written, dropped: int) -> Response:
    """Return the response to a request that asks for a text; `dropped` as in `scored`."""
    return Response(
        item=request.item,
        index=request.index,
        logprob=0.0,
        greedy=True,
        text=text.text,
        finish=text.finish,
        tokens=text.tokens,
        dropped=dropped,
    )
