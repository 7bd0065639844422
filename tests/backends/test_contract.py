"""One contract for every backend: what a response says depends on its request alone."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from made import request, submission

from evaluator.backends import Backend, DeviceChoice, load_backend
from evaluator.backends.causal import CausalBackend
from evaluator.backends.scripted import POLICIES, ScriptedBackend, answer_randomly
from evaluator.core.errors import ModelError
from evaluator.core.records import Request, Response

NATS = 1e-4
SHOTS = (("What is the first thing that comes?", "yes"), ("And the second one of them?", "no"))
MODELS = ("llama", "gpt2", "gpt_neox", "mistral_window", "gemma2")
BACKENDS = ("scripted", *MODELS)

Make = Callable[[int], Backend]


def scored_requests() -> list[Request]:
    """Shared and unshared beginnings, long and short, one token and many, doubles, no prompt."""
    asked = []
    for number, question in enumerate(
        [
            "Is it?",
            "Is it so, after all that was said about the cat on the mat?",
            "中文吗？",
            "Is it? ",
        ]
    ):
        asked += [
            request(f"shared{number}", index=i, question=question, shots=SHOTS, continuation=text)
            for i, text in enumerate([" yes", " no", " maybe it is", " 北京", " yes"])
        ]
    asked += [
        request("alone", question="A", continuation=" yes"),
        request("empty", question="", continuation=" no"),
        request("long", question="the cat sat on the mat " * 5 + "?", continuation=" maybe yes"),
    ]
    return asked


def written_requests() -> list[Request]:
    return [
        request(str(i), question=text, generate=True, continuation="", stop=("\n",), max_tokens=6)
        for i, text in enumerate(["Copy: cat", "the cat sat on the mat, and then it", "中文", "Q"])
    ]


BOTH_KINDS = pytest.mark.parametrize(
    "requests", [scored_requests(), written_requests()], ids=["score", "write"]
)


@pytest.fixture(params=BACKENDS)
def make(request: pytest.FixtureRequest, model_folder: Callable[[str], Path]) -> Make:
    name = request.param

    def backend(batch_tokens: int = 16_384) -> Backend:
        if name == "scripted":
            return ScriptedBackend(answer_randomly)
        machine = DeviceChoice(batch_tokens=batch_tokens)
        return CausalBackend(model_folder(name), dtype="float32", machine=machine)

    return backend


def assert_same(found: Sequence[Response], expected: Sequence[Response]) -> None:
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.logprob == pytest.approx(theirs.logprob, abs=NATS, rel=0)
        fields = ("item", "index", "greedy", "text", "finish", "tokens", "dropped")
        for name in fields:
            assert getattr(ours, name) == getattr(theirs, name)


def by_request(backend: Backend, requests: Sequence[Request]) -> list[Response]:
    return [backend.answer([request])[0] for request in requests]


def test_no_requests_get_no_responses(make: Make) -> None:
    assert make(64).answer([]) == []


@pytest.mark.parametrize(
    "requests", [scored_requests(), written_requests()], ids=["score", "write"]
)
def test_each_request_gets_its_response_in_order(make: Make, requests: list[Request]) -> None:
    responses = make(16_384).answer(requests)
    assert [(r.item, r.index) for r in responses] == [(r.item, r.index) for r in requests]
    for asked, response in zip(requests, responses, strict=True):
        assert math.isfinite(response.logprob)
        assert response.logprob <= 0
        if asked.generate:
            assert (response.logprob, response.finish in ("stop", "length")) == (0, True)
            assert "\n" not in response.text
        else:
            assert (response.text, response.finish) == ("", "scored")


@pytest.mark.parametrize(
    "requests", [scored_requests(), written_requests()], ids=["score", "write"]
)
@pytest.mark.parametrize("batch_tokens", [1, 64, 16_384])
def test_no_answer_depends_on_the_batch_size_or_on_its_neighbours(
    make: Make, requests: list[Request], batch_tokens: int
) -> None:
    assert_same(make(batch_tokens).answer(requests), by_request(make(16_384), requests))


@pytest.mark.parametrize(
    "requests", [scored_requests(), written_requests()], ids=["score", "write"]
)
def test_no_answer_depends_on_order_or_on_how_the_work_is_cut(
    make: Make, requests: list[Request]
) -> None:
    backend = make(256)
    expected = {(r.item, r.index): r for r in backend.answer(requests)}
    rng = random.Random(5)
    for _ in range(3):
        mixed = rng.sample(requests, len(requests))
        cut = rng.randrange(1, len(mixed))
        found = [*backend.answer(mixed[:cut]), *backend.answer(mixed[cut:])]
        assert_same(found, [expected[r.item, r.index] for r in mixed])


def test_the_same_question_gets_the_same_bits_again(make: Make) -> None:
    requests = scored_requests()
    assert make(16_384).answer(requests) == make(16_384).answer(requests)


def test_a_backend_tells_its_size_work_and_surroundings(make: Make) -> None:
    backend = make(16_384)
    assert backend.parameters >= 0
    before = backend.tokens_fed
    backend.answer(scored_requests())
    scripted = isinstance(backend, ScriptedBackend)
    assert (backend.tokens_fed > before) != scripted
    assert (backend.parameters > 0) != scripted
    assert all(isinstance(v, str) for pair in backend.environment().items() for v in pair)
    assert backend.method == "loglikelihood"


# --- scripted baselines ---


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_a_baseline_is_loaded_by_the_name_of_its_rule(policy: str) -> None:
    backend = load_backend(submission(policy=policy), Path(), DeviceChoice())
    assert len(backend.answer(scored_requests())) == len(scored_requests())


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ModelError, match="no backend for kind 'quantum'"):
        load_backend(submission(kind="quantum"), Path(), DeviceChoice())


def test_the_majority_baseline_follows_the_shots() -> None:
    backend = load_backend(submission(policy="majority"), Path(), DeviceChoice())
    shots = (("a", "yes"), ("b", "no"), ("c", "no"))
    asked = [
        request(index=i, continuation=f" {w}", shots=shots) for i, w in enumerate(["yes", "no"])
    ]
    yes, no = backend.answer(asked)
    assert no.logprob > yes.logprob
    (text,) = backend.answer([request(generate=True, continuation="", shots=shots, max_tokens=4)])
    assert text.text == " no"


def test_the_random_baseline_is_blind_to_the_question_and_favours_no_choice() -> None:
    backend = load_backend(submission(policy="random"), Path(), DeviceChoice())
    wins = [0, 0]
    for number in range(2000):
        pair = backend.answer(
            [request(str(number), index=i, continuation=f" {w}") for i, w in enumerate("ab")]
        )
        wins[pair[1].logprob > pair[0].logprob] += 1
    assert abs(wins[0] - 1000) < 4 * math.sqrt(2000) / 2
    one, other = (backend.answer([request(question=q)])[0] for q in ("this", "that"))
    assert one.logprob == other.logprob
