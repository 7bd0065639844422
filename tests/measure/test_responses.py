"""Kept responses are read as data of a stranger."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz, response

from evaluator.core.errors import ScoreError
from evaluator.measure.responses import kept_lines, parse_response, response_lines

GOOD = response_lines([response("a", logprob=-1.5)])


def test_response_lines_keep_what_a_score_needs() -> None:
    lines = response_lines(
        [
            response("a", 1, logprob=-1.5, greedy=True, tokens=2),
            response("b", text="中\n", finish="length", tokens=3, dropped=4),
        ]
    )
    assert lines.decode().splitlines() == [
        '{"dropped":0,"greedy":true,"index":1,"item":"a","logprob":-1.5,"tokens":2}',
        '{"dropped":4,"finish":"length","index":0,"item":"b","text":"中\\n","tokens":3}',
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (GOOD.replace(b"-1.5", b"0.5"), "above zero"),
        (GOOD.replace(b"-1.5", b"NaN"), "not a number"),
        (GOOD.replace(b"-1.5", b"-1e999"), "larger than any number"),
        (GOOD.replace(b"-1.5", b'"-1.5"'), "must be of type float"),
        (GOOD.replace(b"-1.5", b"true"), "must be of type float"),
        (GOOD.replace(b'"a"', b"7"), "must be of type str"),
        (GOOD.replace(b"{", b'{"correct":true,', 1), "no other"),
        (GOOD.replace(b'"tokens":1', b'"tokens":1' + b"0" * 5000), "4300 digits"),
        (b"[" * 200_000, "nested too deeply"),
        (b"\xff\n", "utf-8"),
        (b"7\n", "must be an object"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_its_reason(line: bytes, told: str) -> None:
    assert parse_response(GOOD) == response("a", logprob=-1.5)
    with pytest.raises(ValueError, match=told):
        parse_response(line)


def test_a_line_without_end_is_refused_before_it_fills_memory(tmp_path: Path) -> None:
    packed = tmp_path / "x.gz"
    packed.write_bytes(gzip.compress(b"x" * 50_000_000))
    with pytest.raises(ScoreError, match="more than any responses have"):
        list(kept_lines(packed))


@fuzz
@given(st.binary(max_size=200))
def test_any_bytes_are_a_response_or_a_value_error(data: bytes) -> None:
    try:
        parse_response(data)
    except ValueError:
        return
