"""Any bytes at all: every reader gives a value or its own error, nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz

from evaluator.backends.vetting import read_header
from evaluator.board.card import check_card
from evaluator.core.errors import DocumentError, EvaluatorError, ModelError
from evaluator.core.safe_yaml import read_yaml
from evaluator.core.schema import read_document, read_json_document
from evaluator.measure.journal import open_journal

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
