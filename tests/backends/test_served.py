"""Served models: a real server on this machine, and everything that servers do wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import ROOT
from made import request
from made_server import Model, listening, serve, spoil

from evaluator.backends.base import DeviceChoice
from evaluator.backends.causal import CausalBackend
from evaluator.backends.endpoint import Endpoint
from evaluator.backends.served import ServedBackend, read_echo
from evaluator.core.errors import ModelError, RunError, TooLongError
from evaluator.core.records import Provider, Request
from evaluator.measure.data import load_examples
from evaluator.measure.requests import build_requests
from evaluator.tasks import load_task
from evaluator.tasks.protocol import take_items

WEIGHTS = ROOT / "submissions/starter/small/weights"
KEY = "sk-never-to-be-seen-0123456789"


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(WEIGHTS)


@pytest.fixture(scope="module")
def server(model: Model) -> Iterator[str]:
    with listening(serve(model)) as url:
        yield url


def backend_of(url: str, answers: str = "text", **more: Any) -> ServedBackend:
    provider = Provider(**({"name": "here", "url": url, "timeout_seconds": 20} | more))
    return ServedBackend(provider, "small", answers, Endpoint(provider, first_wait=0.01))


def requests_of(task: str, method: str = "") -> list[Request]:
    found = load_task(task)
    return build_requests(found, take_items(found, load_examples(found), 4), method)


@pytest.mark.parametrize("task", ["starter_choice", "starter_classification"])
def test_an_echo_scores_what_the_model_scores_here(server: str, task: str) -> None:
    asked = requests_of(task)
    here = CausalBackend(WEIGHTS, dtype="float32", machine=DeviceChoice()).answer(asked)
    for ours, theirs in zip(backend_of(server, "logprobs").answer(asked), here, strict=True):
        assert (ours.item, ours.index, ours.greedy) == (theirs.item, theirs.index, theirs.greedy)
        assert ours.logprob == pytest.approx(theirs.logprob, abs=1e-4)
        assert ours.tokens == theirs.tokens


@pytest.mark.parametrize("answers", ["text", "chat"])
def test_a_server_writes_what_the_model_writes_here(server: str, answers: str) -> None:
    asked = requests_of("starter_generation")
    here = CausalBackend(WEIGHTS, dtype="float32", machine=DeviceChoice()).answer(asked)
    found = backend_of(server, answers).answer(asked)
    assert [(r.item, r.text, r.finish) for r in found] == [(r.item, r.text, r.finish) for r in here]


def test_choices_are_asked_for_in_words(server: str) -> None:
    asked = requests_of("starter_classification", "parsed")
    assert all(r.text and r.finish in ("stop", "length") for r in backend_of(server).answer(asked))


@pytest.mark.parametrize(
    "fault", ["slow", "drip", "cut", "html", "half", "fewer", "other", "bare", "429", "500", "503"]
)
def test_a_fault_that_passes_changes_no_answer(server: str, fault: str) -> None:
    asked = requests_of("starter_generation")[:2]
    expected = backend_of(server).answer(asked)
    faults = [fault, fault]
    with listening(spoil(server, faults)) as url:
        seconds = 1 if fault in ("slow", "drip") else 20
        backend = backend_of(url, timeout_seconds=seconds, tries=20, parallel=1)
        assert backend.answer(asked) == expected
    assert faults == []
    assert int(backend.environment()["retries"]) >= 2


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("slow", r"no reply within [0-9.]+ s \(timeout_seconds\)"),
        ("drip", "too slow: the whole reply"),
        ("html", "no whole JSON, but '<html>"),
        ("half", "no whole JSON, but"),
        ("cut", r"then the connection ended|IncompleteRead"),
        ("fewer", "0 choices instead of 1"),
        ("500", "status 500: oops"),
    ],
)
def test_a_fault_that_stays_ends_the_run_in_a_sentence(server: str, fault: str, told: str) -> None:
    with listening(spoil(server, [fault] * 9)) as url:
        seconds = 0.5 if fault in ("slow", "drip") else 20
        backend = backend_of(url, timeout_seconds=seconds, tries=2, parallel=1)
        with pytest.raises(RunError, match=told) as caught:
            backend.answer(requests_of("starter_generation")[:1])
    assert "no usable answer, tried 2 times" in str(caught.value)
    assert "run the same command again" in str(caught.value)


def test_a_refusal_is_told_at_once_and_without_the_key(
    server: str, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HERE_KEY", KEY)
    faults = ["401"] * 9
    with listening(spoil(server, faults)) as url:
        backend = backend_of(url, key_variable="HERE_KEY", parallel=1)
        with pytest.raises(ModelError, match=r"status 401: bad key Bearer \[key\]"):
            backend.answer(requests_of("starter_generation")[:1])
    assert len(faults) == 8
    backend_of(server, key_variable="HERE_KEY").answer(requests_of("starter_generation")[:1])
    assert model.keys[-1] == f"Bearer {KEY}"
    assert KEY not in str(backend.environment())


def test_a_prompt_that_does_not_fit_is_told_as_too_long(server: str) -> None:
    asked = requests_of("starter_generation")[:1]
    with (
        listening(spoil(server, ["too long"])) as url,
        pytest.raises(TooLongError, match="context_length_exceeded"),
    ):
        backend_of(url, parallel=1).answer(asked)


def test_a_key_follows_no_redirect(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERE_KEY", KEY)
    with (
        listening(spoil(server, ["302"])) as url,
        pytest.raises(ModelError, match="it redirects"),
    ):
        backend_of(url, key_variable="HERE_KEY").answer(requests_of("starter_generation")[:1])


def test_a_missing_key_and_one_in_the_clear_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HERE_KEY", raising=False)
    with pytest.raises(ModelError, match="set HERE_KEY to its key"):
        backend_of("https://example.org/v1", key_variable="HERE_KEY")
    monkeypatch.setenv("HERE_KEY", KEY)
    with pytest.raises(ModelError, match="https addresses alone"):
        backend_of("http://example.org/v1", key_variable="HERE_KEY")


def test_the_rate_limit_spaces_requests(server: str) -> None:
    backend = backend_of(server, requests_per_minute=600, parallel=4)
    started = time.monotonic()
    backend.answer(requests_of("starter_generation")[:4])
    assert time.monotonic() - started >= 0.3


def test_tokens_are_counted_and_the_limit_of_cost_ends_the_run(server: str) -> None:
    asked = requests_of("starter_generation")
    backend = backend_of(server, parallel=1, input_price=1e4, cost_usd=0.5)
    with pytest.raises(RunError, match=r"USD are spent, and the board allows 0\.50 a run"):
        backend.answer([*asked] * 3)
    assert backend.tokens_fed * 1e4 / 1e6 >= 0.5


def test_a_server_that_scores_nothing_is_told(server: str) -> None:
    with pytest.raises(ModelError, match="a model that only writes scores no text"):
        backend_of(server, "text").answer([request()])
    with pytest.raises(ModelError, match="the server scores no text that is sent"):
        read_echo(None, 3, 1)
    with pytest.raises(ModelError, match="the prompt before it is empty"):
        backend_of(server, "logprobs").answer([request(question="", continuation="Is it?")])


# --- reading an echo ---


def echo(pieces: list[tuple[int, float]], first: int = 0) -> dict[str, Any]:
    """Tokens as (length in characters, log-probability), after `first` characters of a server."""
    places, at = [], 0
    for length, _ in [(first, 0.0), *pieces]:
        places.append(at)
        at += length
    values = [None, *(value for _, value in pieces)]
    best = [None, *({"x": max(value, -1.0)} for _, value in pieces)]
    tokens = ["x" * length for length, _ in [(first, 0.0), *pieces]]
    return {"tokens": tokens, "token_logprobs": values, "top_logprobs": best, "text_offset": places}


def test_only_the_tokens_of_the_answer_count() -> None:
    said = echo([(3, -5.0), (2, -1.5), (4, -0.5), (7, -9.0)])
    assert read_echo(said, 6, 1) == (-2.0, False, 2)
    assert read_echo(said, 4, 1) == (-0.5, True, 1)


def test_a_token_of_the_servers_own_shifts_nothing() -> None:
    assert read_echo(echo([(3, -5.0), (4, -0.5), (1, -9.0)], first=15), 4, 1) == (-0.5, True, 1)


def test_a_server_may_write_nothing_after_the_text() -> None:
    assert read_echo(echo([(3, -5.0), (4, -0.5)]), 4, 0) == (-0.5, True, 1)


def test_a_token_across_the_beginning_counts_and_parts_of_a_character_too() -> None:
    assert read_echo(echo([(3, -5.0), (4, -0.5), (1, -9.0)]), 3, 1) == (-0.5, True, 1)
    assert read_echo(echo([(3, -5.0), (0, -2.0), (0, -2.0), (1, -3.0), (1, -9.0)]), 1, 1)[2] == 3
