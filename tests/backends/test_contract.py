"""One contract for every backend: what a response says depends on its request alone."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from backends.conftest import LABELS
from made import request, submission

from evaluator.backends import Backend, DeviceChoice, load_backend
from evaluator.backends.scripted import POLICIES, ScriptedBackend, answer_randomly
from evaluator.core.errors import ModelError
from evaluator.core.records import Request, Response

NATS = 1e-4
SHOTS = (("What is the first thing that comes?", "yes"), ("And the second one of them?", "no"))
CAUSAL = ("llama", "gpt2", "gpt_neox", "mistral_window", "gemma2")
KINDS = {
    "scripted": "scripted",
    **dict.fromkeys(CAUSAL, "causal"),
    **dict.fromkeys(("t5", "bart"), "seq2seq"),
    **dict.fromkeys(("bert", "roberta", "gpt2_head"), "classifier"),
    **dict.fromkeys(("bert_masked", "roberta_masked"), "masked"),
    **dict.fromkeys(("onnx_torch", "onnx_keras"), "onnx"),
}
"""Model -> its kind."""

Asked = tuple[Callable[[int], Backend], list[Request]]
"""(maker of a backend from a batch size, what it is asked)."""


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


def label_requests() -> list[Request]:
    """One text and two, long, empty, doubled and longer than the model takes."""
    texts = [
        ("Is it?",),
        ("the cat sat", "中文吗？"),
        ("",),
        ("a " * 300,),
        ("Is it?",),
        ("", "b " * 99),
    ]
    return [
        request(str(n), index=i, texts=text, labels=LABELS, continuation=label)
        for n, text in enumerate(texts)
        for i, label in enumerate(LABELS)
    ]


ASKED = {"score": scored_requests(), "write": written_requests(), "label": label_requests()}
ANSWERED = {
    "scripted": ("score", "write"),
    "causal": ("score", "write"),
    "seq2seq": ("score", "write"),
    "classifier": ("label",),
    "onnx": ("label",),
    "masked": ("score",),
}
"""Kind of model -> what it answers."""
PAIRS = [(name, what) for name, kind in KINDS.items() for what in ANSWERED[kind]]


@pytest.fixture(params=PAIRS, ids=lambda pair: "-".join(pair))
def asked(request: pytest.FixtureRequest, model_folder: Callable[[str], Path]) -> Asked:
    name, what = request.param

    def make(batch_tokens: int = 16_384) -> Backend:
        if KINDS[name] == "scripted":
            return ScriptedBackend(answer_randomly)
        one = submission(kind=KINDS[name], policy="", folder="weights", dtype="float32")
        return load_backend(one, model_folder(name), DeviceChoice(batch_tokens=batch_tokens))

    return make, ASKED[what]


def assert_same(found: Sequence[Response], expected: Sequence[Response]) -> None:
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.logprob == pytest.approx(theirs.logprob, abs=NATS, rel=0)
        fields = ("item", "index", "greedy", "text", "finish", "tokens", "dropped")
        for name in fields:
            assert getattr(ours, name) == getattr(theirs, name)


def by_request(backend: Backend, requests: Sequence[Request]) -> list[Response]:
    return [backend.answer([request])[0] for request in requests]


def test_no_requests_get_no_responses(asked: Asked) -> None:
    assert asked[0](64).answer([]) == []


def test_each_request_gets_its_response_in_order(asked: Asked) -> None:
    make, requests = asked
    responses = make(16_384).answer(requests)
    assert [(r.item, r.index) for r in responses] == [(r.item, r.index) for r in requests]
    for one, response in zip(requests, responses, strict=True):
        assert math.isfinite(response.logprob)
        assert response.logprob <= 0
        if one.generate:
            assert (response.logprob, response.finish in ("stop", "length")) == (0, True)
            assert "\n" not in response.text
        else:
            assert (response.text, response.finish) == ("", "scored")


@pytest.mark.parametrize("batch_tokens", [1, 64, 16_384])
def test_no_answer_depends_on_the_batch_size_or_on_its_neighbours(
    asked: Asked, batch_tokens: int
) -> None:
    make, requests = asked
    assert_same(make(batch_tokens).answer(requests), by_request(make(16_384), requests))


def test_no_answer_depends_on_order_or_on_how_the_work_is_cut(asked: Asked) -> None:
    make, requests = asked
    backend = make(256)
    expected = {(r.item, r.index): r for r in backend.answer(requests)}
    rng = random.Random(5)
    for _ in range(3):
        mixed = rng.sample(requests, len(requests))
        cut = rng.randrange(1, len(mixed))
        found = [*backend.answer(mixed[:cut]), *backend.answer(mixed[cut:])]
        assert_same(found, [expected[r.item, r.index] for r in mixed])


def test_the_same_question_gets_the_same_bits_again(asked: Asked) -> None:
    make, requests = asked
    assert make(16_384).answer(requests) == make(16_384).answer(requests)


def test_a_backend_tells_its_size_work_and_surroundings(asked: Asked) -> None:
    make, requests = asked
    backend = make(16_384)
    assert backend.parameters >= 0
    before = backend.tokens_fed
    backend.answer(requests)
    scripted = isinstance(backend, ScriptedBackend)
    assert (backend.tokens_fed > before) != scripted
    assert (backend.parameters > 0) != scripted
    assert all(isinstance(v, str) for pair in backend.environment().items() for v in pair)
    assert backend.method in ("loglikelihood", "pseudo-loglikelihood", "head")


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
