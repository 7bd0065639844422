"""Any bytes at all: every reader gives a value or its own error, nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz, request

from evaluator.backends.endpoint import Endpoint
from evaluator.backends.served import ServedBackend
from evaluator.backends.vetting import read_header
from evaluator.board.card import check_card
from evaluator.core.errors import DocumentError, EvaluatorError, ModelError, RunError
from evaluator.core.records import Provider
from evaluator.core.safe_yaml import read_yaml
from evaluator.core.schema import read_document, read_json_document
from evaluator.measure.journal import open_journal
from evaluator.measure.responses import parse_response, response_lines

BYTES = st.binary(max_size=300) | st.text(
    alphabet="{}[]\"':,&*!-<>|%#@\n\t ab1.\u200b\ufeff", max_size=200
).map(str.encode)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["schema", "n", "metrics", "run", "w"]), inner)
    ),
    max_leaves=8,
)


@fuzz
@given(BYTES)
def test_any_yaml_is_a_document_or_faults(data):
    for read in (lambda: read_yaml(data, "x"), lambda: read_document(data, "x", "submission")):
        try:
            read()
        except DocumentError as error:
            assert error.faults


@fuzz
@given(BYTES | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_json_is_a_result_or_faults(data):
    with pytest.raises(DocumentError):
        read_json_document(data, "x", "result")


@fuzz
@given(BYTES)
def test_any_card_is_fine_or_has_faults(data):
    assert all(fault.message for fault in check_card(data, "card.md"))


@fuzz
@given(BYTES | JSON.map(lambda v: len(d := json.dumps(v).encode()).to_bytes(8, "little") + d))
def test_any_weights_are_a_header_or_an_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(ModelError):
        read_header(path)


@fuzz
@given(BYTES | JSON.map(lambda value: json.dumps(value).encode() + b"\n"))
def test_any_journal_is_read_as_far_as_it_is_whole(tmp_path_factory, data):
    folder: Path = tmp_path_factory.mktemp("journal")
    (folder / "journal.jsonl").write_bytes(data)
    try:
        with open_journal(folder) as journal:
            assert journal.done == {}
    except EvaluatorError:
        return


COUNTS = st.integers(0, 3) | st.sampled_from([-1, 10**30, 1.5, float("inf"), float("nan"), True])
LEAVES = st.none() | COUNTS | st.floats() | st.text("a \ud800\n€", max_size=4)
WILD = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner),
    max_leaves=4,
)  # fmt: skip


def mostly(**parts: st.SearchStrategy) -> st.SearchStrategy:
    """An object with these parts, now and then with something else in place of one."""
    whole = st.fixed_dictionaries(parts)
    broken = st.tuples(whole, st.sampled_from(sorted(parts)), WILD)
    return whole | broken.map(lambda drawn: drawn[0] | {drawn[1]: drawn[2]})


LOGPROBS = mostly(
    tokens=st.just(["a", "b"]),
    token_logprobs=st.lists(st.none() | st.floats(-9, 1), min_size=2, max_size=2),
    text_offset=st.lists(st.integers(-1, 9), min_size=2, max_size=2),
    top_logprobs=st.lists(
        st.dictionaries(st.text(max_size=2), st.floats(-9, 0)), min_size=2, max_size=2
    ),
)
CHOICE = mostly(
    text=st.text(max_size=9) | WILD,
    message=mostly(content=st.none() | st.text(max_size=9)),
    finish_reason=st.sampled_from(["stop", "length", None]),
    logprobs=LOGPROBS,
)
REPLIES = mostly(
    choices=st.lists(CHOICE, min_size=1, max_size=1),
    usage=mostly(prompt_tokens=COUNTS, completion_tokens=COUNTS),
    model=st.text(max_size=9),
)


@pytest.mark.parametrize("answers", ["text", "chat", "logprobs"])
@fuzz
@given(data=BYTES | REPLIES.map(lambda value: json.dumps(value).encode()))
def test_any_reply_of_a_server_is_a_response_or_an_error(answers, data):
    provider = Provider(name="here", url="http://127.0.0.1/v1", tries=1)
    endpoint = Endpoint(provider, first_wait=0)
    endpoint._send = lambda path, body: data  # the one line that opens a connection
    asked = request("0", generate=answers != "logprobs", continuation=" yes", max_tokens=4)
    try:
        (found,) = ServedBackend(provider, "model", answers, endpoint).answer([asked])
    except (ModelError, RunError) as error:
        assert str(error).isprintable()
        return
    (line,) = response_lines([found]).splitlines(keepends=True)
    assert parse_response(line) == found


def test_a_reply_with_all_its_parts_is_a_response():
    """That what is drawn above can be read at all."""
    provider = Provider(name="here", url="http://127.0.0.1/v1", tries=1)
    endpoint = Endpoint(provider, first_wait=0)
    reply = {"choices": [{"text": "yes", "finish_reason": "stop"}],
             "usage": {"prompt_tokens": 3, "completion_tokens": 1}}  # fmt: skip
    endpoint._send = lambda path, body: json.dumps(reply).encode()
    asked = request("0", generate=True, continuation="", max_tokens=4)
    (found,) = ServedBackend(provider, "model", "text", endpoint).answer([asked])
    assert (found.text, found.tokens) == ("yes", 1)
