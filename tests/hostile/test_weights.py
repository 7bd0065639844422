"""Rows 34 to 41: files of a model, looked at before any library reads them."""

from __future__ import annotations

import json
import pickle
import shutil
import struct
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from strangers import Row, rows

from evaluator.backends.vetting import read_header, vet_folder
from evaluator.core.errors import ModelError

SMALL = ROOT / "submissions/starter/small/weights"
F32 = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def packed(header: object, numbers: bytes = bytes(8)) -> bytes:
    data = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(data)) + data + numbers


def tensor(**more: Any) -> bytes:
    return packed({"w": F32 | more})


def two(first: list[int], second: list[int], numbers: int) -> bytes:
    header = {"a": F32 | {"data_offsets": first}, "b": F32 | {"data_offsets": second}}
    return packed(header, bytes(numbers))


def many(count: int) -> bytes:
    empty = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    return packed(("{" + ",".join(f'"t{i}":{empty}' for i in range(count)) + "}").encode(), b"")


FILES = [
    Row(36, "a pickle by another name", pickle.dumps({"w": [1.0] * 100}), "cut off or too long"),
    Row(37, "a length of 2^63", struct.pack("<Q", 2**63) + b"{}", "cut off or too long"),
    Row(37, "a header of more than 16 MiB", packed(b"{" + b" " * 17_000_000 + b"}"), "too long"),
    Row(37, "a header longer than the file", struct.pack("<Q", 100) + b"{}", "cut off"),
    Row(37, "three bytes", b"abc", "cut off"),
    Row(37, "nothing", b"", "cut off"),
    Row(37, "a deep header", packed(b'{"a":' * 100_000), "no JSON"),
    Row(37, "a list", packed([1]), "no object"),
    Row(37, "a name twice", packed(b'{"w":{},"w":{}}'), "stands twice"),
    Row(37, "other bytes", packed(b"{\xff}"), "no JSON"),
    Row(38, "overlapping tensors", two([0, 8], [4, 12], 12), "overlaps another tensor"),
    Row(38, "a hole between tensors", two([0, 8], [12, 20], 20), "leaves a hole"),
    Row(38, "a program behind the tensors", tensor() + b"\x7fELF", "bytes of numbers, but"),
    Row(38, "numbers that are not there", packed({"w": F32}, b""), "bytes of numbers, but"),
    Row(
        38, "a shape that overflows", tensor(shape=[2**31, 2**31, 2**31]), "another number of bytes"
    ),
    Row(38, "a negative side", tensor(shape=[-2]), "impossible shape"),
    Row(38, "half a side", tensor(shape=[2.0]), "impossible shape"),
    Row(38, "a true side", tensor(shape=[True, 2]), "impossible shape"),
    Row(38, "an unknown number format", tensor(dtype="F2"), "unknown number format"),
    Row(38, "no number format", tensor(dtype=None), "unknown number format"),
    Row(38, "offsets that run backwards", tensor(data_offsets=[8, 0]), "another number of bytes"),
    Row(38, "negative offsets", tensor(data_offsets=[-8, 0]), "impossible offsets"),
    Row(38, "a field more", tensor(code="import os"), "nothing else"),
    Row(38, "a tensor that is no object", packed({"w": 5}), "nothing else"),
    Row(
        38, "metadata that is no text", packed({"__metadata__": {"a": 1}, "w": F32}), "must be text"
    ),
    Row(39, "a million tensors of nothing", many(1_000_000), "too long"),
    Row(39, "200,001 tensors of nothing", many(200_001), "a model has 1 to 200000"),
    Row(39, "a tensor of nothing", tensor(shape=[0], data_offsets=[0, 0]), "impossible shape"),
    Row(39, "sides of 0 and 2^40", tensor(shape=[0, 2**40]), "impossible shape"),
    Row(39, "no tensors", packed({}, b""), "0 tensors"),
    Row(39, "a name of a thousand letters", packed({"x" * 1000: F32}), "cannot name a tensor"),
    Row(39, "a name with a line end", packed({"a\nb": F32}), "cannot name a tensor"),
]


@rows(FILES)
def test_weights_that_are_not_what_they_say_are_refused_soon(tmp_path, case):
    path = tmp_path / "model.safetensors"
    path.write_bytes(case.value)
    start = time.process_time()
    with pytest.raises(ModelError, match=case.reason) as told:
        read_header(path)
    assert time.process_time() - start < 5
    assert str(path) in str(told.value) and str(told.value).isprintable()


def test_honest_weights_are_read():
    found = read_header(SMALL / "model.safetensors")
    assert found["model.embed_tokens.weight"] == ("F32", (768, 32))
    vet_folder(SMALL, json.loads((SMALL / "config.json").read_text()))


@pytest.fixture()
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SMALL, tmp_path / "weights")
    return tmp_path / "weights"


@rows([
    Row(35, "10^9 layers", {"num_hidden_layers": 10**9}, "num_hidden_layers 1000000000"),
    Row(35, "10^12 words", {"vocab_size": 10**12}, "vocab_size 1000000000000"),
    Row(35, "words that need more than there is", {"vocab_size": 10**7}, "takes more than"),
    Row(35, "a width that needs more than there is", {"hidden_size": 10**6}, "takes more than"),
    Row(35, "a negative width", {"hidden_size": -1}, "hidden_size -1"),
    Row(35, "10^9 experts inside", {"text_config": {"num_experts": 10**9}}, "num_experts"),
    Row(35, "10^12 positions", {"max_position_embeddings": 10**12}, "max_position_embeddings"),
])  # fmt: skip
def test_a_configuration_that_asks_for_too_much_is_refused(folder, case):
    config = json.loads((folder / "config.json").read_text()) | case.value
    with pytest.raises(ModelError, match=case.reason):
        vet_folder(folder, config)


@rows([
    Row(36, repr(shard), shard, "is no file beside it")
    for shard in ("../../x.safetensors", "/etc/passwd", "a/b.safetensors", "x.bin", "", 5, None)
] + [
    Row(36, "a file that is not there", "model-2.safetensors", "is not in"),
    Row(40, "a tensor of another file", "model.safetensors", "is not in model.safetensors"),
])  # fmt: skip
def test_an_index_that_leads_elsewhere_is_refused(folder, case):
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"lm_head.weight": case.value}}))
    with pytest.raises(ModelError, match=case.reason):
        vet_folder(folder, {})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": 5}', "[" * 100_000])
def test_an_index_that_is_none_is_refused(folder, text):
    (folder / "model.safetensors.index.json").write_text(text)
    with pytest.raises(ModelError, match="no index of weights"):
        vet_folder(folder, {})


def test_a_tokenizer_of_gigabytes_is_refused_unread(folder):
    """Row 41."""
    with (folder / "tokenizer.json").open("wb") as file:
        file.truncate(5 * 1024**3)
    with pytest.raises(ModelError, match="no tokenizer is so large"):
        vet_folder(folder, {})


def test_code_inside_is_looked_for_at_every_depth():
    """Row 34: every object of a configuration is seen, however deep."""
    from evaluator.backends.vetting import parts_of

    config = {"a": {"b": {"_attn_implementation_internal": "evil/kernel"}}}
    assert any("_attn_implementation_internal" in part for part in parts_of(config))
