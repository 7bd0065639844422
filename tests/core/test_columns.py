from __future__ import annotations

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz

from evaluator.core.columns import NONE, TYPES, pack, unpack

VALUES = {
    "bits": st.integers(0, 1),
    "u16": st.integers(-1, NONE - 1),
    "u32": st.integers(0, 2**32 - 1),
    "f32": st.floats(width=32, allow_nan=False, allow_infinity=False),
}
COLUMNS = st.sampled_from(sorted(TYPES)).flatmap(
    lambda name: st.tuples(st.just(name), st.lists(VALUES[TYPES[name]], max_size=40))
)


@fuzz
@given(COLUMNS)
def test_every_column_reads_back_as_it_was_packed(column: tuple[str, list[float]]) -> None:
    name, values = column
    array = np.array(values, dtype=np.float64)
    assert unpack(name, pack(name, array), len(values)).tolist() == array.tolist()


@pytest.mark.parametrize(
    ("name", "values", "data"),
    [
        ("correct", [1, 0, 0, 0, 0, 0, 0, 0, 1], b"\x01\x01"),
        ("correct", [0, 1, 1], b"\x06"),
        ("pred", [0, 1, 258, -1], b"\x00\x00\x01\x00\x02\x01\xff\xff"),
        ("gold", [65534], b"\xfe\xff"),
        ("place", [1, 65536], b"\x01\x00\x00\x00\x00\x00\x01\x00"),
        ("value", [1.0, -2.5], b"\x00\x00\x80\x3f\x00\x00\x20\xc0"),
        ("p_gold", [0.1], b"\xcd\xcc\xcc\x3d"),
        ("value", [], b""),
    ],
)
def test_columns_are_these_bytes_on_every_machine(
    name: str, values: list[float], data: bytes
) -> None:
    assert pack(name, np.array(values, dtype=np.float64)) == base64.b64encode(data).decode()


@pytest.mark.parametrize("name", sorted(TYPES))
@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_never_packed(name: str, wrong: float) -> None:
    with pytest.raises(ValueError, match="not a number"):
        pack(name, np.array([0.0, wrong]))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("correct", 2),
        ("correct", 0.5),
        ("correct", -1),
        ("pred", -2),
        ("pred", 0.5),
        ("pred", NONE),
        ("gold", 70000),
        ("place", -1),
        ("place", 0.5),
        ("place", 2**32),
        ("value", 1e39),
        ("p_gold", -1e300),
    ],
)
def test_a_value_that_the_type_cannot_hold_is_refused(name: str, wrong: float) -> None:
    with pytest.raises(ValueError, match=name):
        pack(name, np.array([0.0, wrong]))


@pytest.mark.parametrize("name", sorted(TYPES))
@pytest.mark.parametrize("n", [0, 8, 17, 100])
def test_another_number_of_items_than_packed_is_refused(name: str, n: int) -> None:
    text = pack(name, np.zeros(16))
    assert len(unpack(name, text, 16)) == 16
    with pytest.raises(ValueError, match="items need"):
        unpack(name, text, n)


def test_bits_past_the_last_item_are_refused() -> None:
    text = base64.b64encode(b"\x08").decode()
    assert unpack("correct", text, 4).tolist() == [0, 0, 0, 1]
    with pytest.raises(ValueError, match="past its 3 items"):
        unpack("correct", text, 3)


@pytest.mark.parametrize("text", ["A", "AAA", "AA=", "A A=", "AA==\n", "*A==", "é", "AA==AA=="])
def test_broken_base64_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        unpack("correct", text, 8)


@pytest.mark.parametrize("data", [b"\x00\x00\xc0\x7f", b"\x00\x00\x80\x7f", b"\x00\x00\x80\xff"])
def test_packed_values_that_are_no_numbers_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a number"):
        unpack("value", base64.b64encode(data).decode(), 1)


def test_an_unknown_column_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="known: correct"):
        unpack("other", "", 0)
