"""Models behind an OpenAI-compatible server: vLLM, SGLang, TGI, llama.cpp, commercial ones.

| a submission's `answers` | what is asked | choices are answered by |
|---|---|---|
| `logprobs` | completions that echo the prompt with log-probabilities | log-likelihood |
| `text` | completions | reading the text as a choice |
| `chat` | one message of a chat | reading the text as a choice |

A continuation's log-likelihood is that of the tokens that lie in it, by their places in the echoed
text, counted from its end: a server may put a token of its own before the prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from evaluator.backends import respond
from evaluator.backends.endpoint import Endpoint
from evaluator.backends.numbers import ABOVE_ZERO, nats
from evaluator.core.errors import ModelError, RunError
from evaluator.core.files import Json
from evaluator.core.records import Provider, Request, Response

STOPS = 4
"""Most stop strings that servers take; a text is cut at all of them here."""
MOST_TOKENS = 10**9
"""No prompt and no answer is so long; a server that says so miscounts."""


class ServedBackend:
    """A model that answers over HTTP."""

    method = "loglikelihood"
    tokens_saved = 0
    parameters = 0

    def __init__(self, provider: Provider, name: str, answers: str, endpoint: Endpoint) -> None:
        self._provider = provider
        self._name = name
        self._answers = answers
        self._endpoint = endpoint
        self._lock = Lock()
        self._told: set[str] = set()
        self._read = self._written = 0

    @property
    def tokens_fed(self) -> int:
        """Tokens of all prompts so far, as the server counts them."""
        return self._read

    def environment(self) -> dict[str, str]:
        """Return what the server says of itself; its address and key are never told."""
        return {
            "provider": self._provider.name,
            "served": ", ".join(sorted(self._told)),
            "retries": str(self._endpoint.retries),
        }

    def answer(self, requests: Sequence[Request]) -> list[Response]:
        """Answer requests in order, several at a time; see `Backend.answer`.

        Raises:
            ModelError: the server refuses what is asked, or gives no log-probabilities.
            RunError: no usable answer, or the board's limit of cost is reached.
        """
        with ThreadPoolExecutor(self._provider.parallel) as pool:
            return list(pool.map(self._answer, requests))

    def _answer(self, request: Request) -> Response:
        spent = cost(self._provider, self._read, self._written)
        if self._provider.cost_usd and spent >= self._provider.cost_usd:
            raise RunError(
                f"provider {self._provider.name}: {spent:.2f} USD are spent, and the board allows "
                f"{self._provider.cost_usd:.2f} a run"
            )
        return self._write(request) if request.generate else self._score(request)

    # --- log-likelihood ---

    def _score(self, request: Request) -> Response:
        if self._answers != "logprobs":
            raise ModelError(f"item {request.item}: a model that only writes scores no text")
        text = request.prompt.text() + request.continuation
        body: Json = {
            "prompt": text,
            "max_tokens": 1,
            "temperature": 0,
            "echo": True,
            "logprobs": 1,
        }

        def read(reply: Json) -> Response:
            total, greedy, tokens = read_echo(
                self._choice(reply)["logprobs"],
                len(request.continuation),
                _whole(reply["usage"]["completion_tokens"]),
            )
            if total > ABOVE_ZERO:
                raise ValueError(f"a log-likelihood of {total}")
            return respond.scored(request, (total, greedy), tokens, dropped=0)

        return self._post("/completions", body, read)

    # --- writing ---

    def _write(self, request: Request) -> Response:
        text = request.prompt.text()
        body: Json = {"max_tokens": request.max_tokens, "temperature": 0}
        if request.stop:
            body["stop"] = list(request.stop[:STOPS])
        chat = self._answers == "chat"
        body |= {"messages": [{"role": "user", "content": text}]} if chat else {"prompt": text}

        def read(reply: Json) -> Response:
            choice = self._choice(reply)
            said = _text((choice["message"]["content"] or "") if chat else choice["text"])
            kept = respond.cut_at(said, request.stop)
            ended = choice["finish_reason"] != "length" or len(kept) < len(said)
            return Response(
                item=request.item,
                index=request.index,
                logprob=0.0,
                greedy=True,
                text=kept,
                finish="stop" if ended else "length",
                tokens=_whole(reply["usage"]["completion_tokens"]),
                dropped=0,
            )

        return self._post("/chat/completions" if chat else "/completions", body, read)

    # --- both ---

    def _post(self, path: str, body: Json, read: Callable[[Json], Response]) -> Response:
        def count(reply: Json) -> Response:
            response = read(reply)
            usage = reply["usage"]
            named = (reply.get("model"), reply.get("system_fingerprint"))
            said = _text(" ".join(str(name)[:200] for name in named if name))
            read_now, written = _whole(usage["prompt_tokens"]), _whole(usage["completion_tokens"])
            with self._lock:
                self._read += read_now
                self._written += written
                self._told.add(said)
            return response

        return self._endpoint.post(path, {"model": self._name, **body}, count)

    def _choice(self, reply: Json) -> Json:
        choices = reply["choices"]
        if len(choices) != 1:
            raise ValueError(f"{len(choices)} choices instead of 1")
        return choices[0]


def read_echo(logprobs: Json, length: int, written: int) -> tuple[float, bool, int]:
    """Return (log-likelihood, greedy, tokens) of the last `length` characters of an echoed text.

    `written` tokens come after the text. A token that lies across the beginning of the characters
    counts with them, and so does each part of a character that is several tokens.

    Raises:
        ModelError: the server does not score what it is sent, or not its first token.
    """
    if not logprobs:
        raise ModelError("no logprobs: the server scores no text that is sent (answers: text)")
    values, places = logprobs["token_logprobs"], logprobs["text_offset"]
    n = len(values) - written
    end = places[n] if written else places[-1] + len(logprobs["tokens"][-1])
    ends = [*places[1:n], end]
    start = end - length
    inside = [i for i in range(n) if start < max(ends[i], places[i] + 1) <= end]
    if any(values[i] is None for i in inside):
        raise ModelError("no logprob of an answer's first token: the prompt before it is empty")
    total = nats(sum(float(values[i]) for i in inside))
    best = [max(map(float, logprobs["top_logprobs"][i].values())) for i in inside]
    greedy = all(float(values[i]) >= top for i, top in zip(inside, best, strict=True))
    return total, greedy, len(inside)


def _whole(value: Json) -> int:
    """Return a count of tokens.

    Raises:
        ValueError: it is none.
    """
    if type(value) is not int or not 0 <= value <= MOST_TOKENS:
        raise ValueError(f"{str(value)[:40]} tokens")
    return value


def _text(value: Json) -> str:
    """Return a text that can be written to a file.

    Raises:
        ValueError: it is none, or holds half a pair of surrogates.
    """
    if not isinstance(value, str):
        raise ValueError(f"{type(value).__name__} in place of a text")
    value.encode()
    return value


def cost(provider: Provider, read: int, written: int) -> float:
    """Return what tokens cost at a provider in USD."""
    return (read * provider.input_price + written * provider.output_price) / 1e6
