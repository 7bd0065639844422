"""Item columns: one value an item, typed, packed, base64; 10,000 items in a few kB.

| type | bytes an item | for |
|---|---|---|
| bits | 1/8 | 0 or 1, first item in the lowest bit of the first byte |
| u16 | 2, little-endian | index; 65535 stands for "none" (-1) |
| u32 | 4, little-endian | place in a task |
| f32 | 4, little-endian | real value |
"""

from __future__ import annotations

import base64
import binascii

import numpy as np
from numpy.typing import NDArray

from evaluator.core.records import FloatArray

TYPES = {
    "correct": "bits",
    "changed": "bits",
    "place": "u32",
    "pred": "u16",
    "gold": "u16",
    "rank": "u16",
    "value": "f32",
    "p_gold": "f32",
    "cluster": "u16",
}
"""Column name -> type."""
NONE = 0xFFFF


def pack(name: str, values: FloatArray) -> str:
    """Return the base64 text of a column of n values.

    Raises:
        ValueError: a value that the column's type cannot hold.
    """
    kind = TYPES[name]
    if not np.all(np.isfinite(values)):
        raise ValueError(f"column {name} holds a value that is not a number")
    if kind == "bits":
        if not np.all((values == 0) | (values == 1)):
            raise ValueError(f"column {name} holds a value other than 0 and 1")
        data = np.packbits(values.astype(np.uint8), bitorder="little").tobytes()
    elif kind == "u16":
        fits = (values == -1) | ((values >= 0) & (values < NONE) & (values == np.floor(values)))
        if not np.all(fits):
            raise ValueError(f"column {name} holds a value that is no index")
        data = np.where(values == -1, NONE, values).astype("<u2").tobytes()
    elif kind == "u32":
        if not np.all((values >= 0) & (values < 1 << 32) & (values == np.floor(values))):
            raise ValueError(f"column {name} holds a value that is no place")
        data = values.astype("<u4").tobytes()
    else:
        if np.any(np.abs(values) > np.finfo(np.float32).max):
            raise ValueError(f"column {name} holds a value that 32 bits cannot hold")
        data = values.astype("<f4").tobytes()
    return base64.b64encode(data).decode("ascii")


def packed_bits(text: str, n: int) -> NDArray[np.uint8]:
    """Return the bytes of a bit column, ceil(n / 8) of them, still packed.

    Raises:
        ValueError: as `unpack`.
    """
    data = base64.b64decode(text, validate=True)
    if len(data) != (n + 7) // 8 or (n % 8 and data[-1] >> n % 8):
        raise ValueError(f"{len(data)} bytes do not hold the bits of {n} items")
    return np.frombuffer(data, np.uint8)


def unpack(name: str, text: str, n: int) -> FloatArray:
    """Return the (n,) values of a packed column.

    Raises:
        ValueError: unknown column, broken base64, wrong length, a value that is not a number.
    """
    if name not in TYPES:
        raise ValueError(f"unknown column {name!r}; known: {', '.join(TYPES)}")
    kind = TYPES[name]
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"column {name} is not base64: {error}") from None
    wanted = {"bits": (n + 7) // 8, "u16": 2 * n, "u32": 4 * n, "f32": 4 * n}[kind]
    if len(data) != wanted:
        raise ValueError(f"column {name} holds {len(data)} bytes; {n} items need {wanted}")
    if kind == "bits":
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        if bits[n:].any():
            raise ValueError(f"column {name} has bits set past its {n} items")
        return bits[:n].astype(np.float64)
    if kind == "u16":
        whole = np.frombuffer(data, "<u2").astype(np.float64)
        return np.where(whole == NONE, -1.0, whole)
    if kind == "u32":
        return np.frombuffer(data, "<u4").astype(np.float64)
    values = np.frombuffer(data, "<f4").astype(np.float64)
    if not np.all(np.isfinite(values)):
        raise ValueError(f"column {name} holds a value that is not a number")
    return values
