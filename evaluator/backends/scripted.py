"""A backend that answers from a function: for baselines, tests and documentation.

backend = ScriptedBackend(lambda request: Answer(logprob=-len(request.continuation)))
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluator.backends.respond import cut_at
from evaluator.core.records import Request, Response

POLICY_VERSION = 1
"""Rises when a policy below changes what it answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a script says to one request."""

    logprob: float = 0.0
    """Log-likelihood of the continuation in nats."""
    text: str = ""
    """Generated text."""


class ScriptedBackend:
    """Answers each request by calling a function."""

    method = "loglikelihood"
    parameters = 0
    tokens_fed = 0
    tokens_saved = 0

    def __init__(self, script: Callable[[Request], Answer]) -> None:
        self._script = script

    def answer(self, requests: Sequence[Request]) -> list[Response]:
        """Return the script's answer to each request; a text ends before its stop string."""
        return [self._respond(request) for request in requests]

    def environment(self) -> dict[str, str]:
        """Nothing but this file answers."""
        return {}

    def _respond(self, request: Request) -> Response:
        answer = self._script(request)
        return Response(
            item=request.item,
            index=request.index,
            logprob=0.0 if request.generate else answer.logprob,
            greedy=False,
            text=cut_at(answer.text, request.stop),
            finish="stop" if request.generate else "scored",
            tokens=0,
            dropped=0,
        )


def answer_randomly(request: Request) -> Answer:
    """Give every choice a log-likelihood by lot; write the answer of a shot drawn by lot.

    The lot is a hash of item and choice: the same on every machine, blind to the question.
    """
    digest = hashlib.sha256(f"{request.item}\n{request.continuation}".encode()).digest()
    lot = int.from_bytes(digest[:6], "big")
    shots = request.prompt.shots
    text = f" {shots[lot % len(shots)][1]}" if request.generate and shots else ""
    return Answer(logprob=math.log((lot + 1) / 2**48), text=text)


def answer_majority(request: Request) -> Answer:
    """Answer what the shots answered most often; without shots all choices score the same."""
    seen = Counter(target for _, target in request.prompt.shots)
    count = seen[request.continuation.removeprefix(" ")]
    text = f" {seen.most_common(1)[0][0]}" if request.generate and seen else ""
    return Answer(logprob=math.log((count + 1) / (seen.total() + 2)), text=text)


POLICIES = {"majority": answer_majority, "random": answer_randomly}


def load_policy(name: str) -> ScriptedBackend:
    """Return the backend of a named baseline rule."""
    return ScriptedBackend(POLICIES[name])
