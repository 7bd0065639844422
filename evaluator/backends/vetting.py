"""What a folder of weights holds, looked at before any library reads it.

Libraries accept headers that take gigabytes to read and configurations that ask for more than any
machine has. Here both are bounded: what is promised must be what the files hold, to the byte.
(Layout: https://github.com/huggingface/safetensors/blob/v0.6.2/README.md#format.)
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from evaluator.backends.patterns import expressions_of, why_endless
from evaluator.backends.quantised import vet_formats
from evaluator.core.errors import ModelError
from evaluator.core.files import Json, parse_json

MAX_HEADER = 16 * 1024 * 1024
"""Bytes of a header; a model of 100,000 tensors has less."""
MAX_TENSORS = 200_000
"""Tensors of one file."""
MAX_SIDE = 2**31
"""Longest side of a tensor."""
MAX_TOKENIZER = 128 * 1024 * 1024
"""Bytes of tokenizer.json; the largest vocabularies take about 35 MB."""
BYTES = {
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2,
    "U16": 2, "I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
}  # fmt: skip
"""Number format -> bytes of one number."""
NAME = re.compile(r"[!-~]{1,256}(?![\s\S])")
"""A tensor's name."""
SHARD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.safetensors(?![\s\S])")
"""A file that an index may name: one beside it."""
LAYERS = ("num_hidden_layers", "num_layers", "n_layer", "n_layers", "num_decoder_layers",
          "encoder_layers", "decoder_layers", "num_experts", "num_local_experts",
          "n_routed_experts")  # fmt: skip
"""Settings that say how often a part of the model is repeated."""
MAX_LAYERS = 4096
WIDTHS = ("hidden_size", "n_embd", "d_model")
"""Settings that say how many numbers stand for a token."""
LENGTHS = ("vocab_size", "intermediate_size", "d_ff", "ffn_dim", "n_inner")
"""Settings that say how many rows a matrix of that width has."""
SIZES = ("num_attention_heads", "n_head", "num_heads", "num_key_value_heads", "head_dim",
         "max_position_embeddings", "n_positions", "n_ctx", *WIDTHS, *LENGTHS)  # fmt: skip
"""Settings that say how large a part of the model is."""
MAX_SIZE = 2**24


def vet_folder(folder: Path, config: Json) -> None:
    """Refuse weights that are not what they say, and a configuration that asks for more than that.

    Args:
        folder: holds *.safetensors and maybe their index.
        config: what its config.json says.

    Raises:
        ModelError: says which file, and what is wrong with it.
    """
    headers = {path.name: read_header(path) for path in sorted(folder.glob("*.safetensors"))}
    kinds = {name: kind for held in headers.values() for name, (kind, _) in held.items()}
    vet_formats(kinds, "quantization_config" in config, folder)
    index = folder / "model.safetensors.index.json"
    if index.exists():
        _vet_index(index, headers)
    tokenizer = folder / "tokenizer.json"
    if tokenizer.exists():
        _vet_tokenizer(tokenizer)
    held = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    for part in parts_of(config):
        _vet_sizes(part, held, folder / "config.json")


def _vet_tokenizer(path: Path) -> None:
    """Refuse a tokenizer that takes gigabytes to read, or whose expressions may take for ever."""
    if path.stat().st_size > MAX_TOKENIZER:
        raise ModelError(f"{path}: more than {MAX_TOKENIZER} bytes: no tokenizer is so large")
    try:
        said = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise ModelError(f"{path}: no tokenizer: it is no JSON") from None
    for expression in expressions_of(said):
        if why := why_endless(expression):
            raise ModelError(f"{path}: a regular expression of it {why[:200]}")


def read_header(path: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return tensor -> (number format, shape) of a file of safetensors.

    Raises:
        ModelError: tensors that overlap, leave holes, or are not where the header says; a header
            that is too long, broken, or describes no tensors.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length > min(MAX_HEADER, size - 8):
            raise ModelError(f"{path}: no safetensors: its header is cut off or too long")
        data = file.read(length)
    try:
        header = parse_json(data)
    except ValueError as error:
        raise ModelError(f"{path}: no safetensors: its header is no JSON: {error}") from None
    if not isinstance(header, dict) or not data.startswith(b"{"):
        raise ModelError(f"{path}: no safetensors: its header is no object")
    if not all(isinstance(v, str) for v in _object(header.pop("__metadata__", {})).values()):
        raise ModelError(f"{path}: its metadata must be text")
    if not 0 < len(header) <= MAX_TENSORS:
        raise ModelError(f"{path}: {len(header)} tensors; a model has 1 to {MAX_TENSORS}")
    try:
        tensors = {name: _tensor(name, facts) for name, facts in header.items()}
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from None
    end = 0
    for name, (_, _, begin, stop) in sorted(tensors.items(), key=lambda t: t[1][2:]):
        if begin != end:
            raise ModelError(f"{path}: {name[:80]} overlaps another tensor or leaves a hole")
        end = stop
    if end != size - 8 - length:
        raise ModelError(
            f"{path}: {size - 8 - length} bytes of numbers, but its header names {end}"
        )
    return {name: (kind, shape) for name, (kind, shape, _, _) in tensors.items()}


def _tensor(name: str, facts: Json) -> tuple[str, tuple[int, ...], int, int]:
    """Return (number format, shape, first byte, byte after the last) of one tensor."""
    if not NAME.match(name):
        raise ValueError(f"{name[:80]!r} cannot name a tensor")
    if _object(facts).keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{name} must have dtype, shape and data_offsets, nothing else")
    kind, shape, offsets = facts["dtype"], facts["shape"], facts["data_offsets"]
    if kind not in BYTES:
        raise ValueError(f"{name} has the unknown number format {str(kind)[:40]!r}")
    if not isinstance(shape, list) or not all(_is_count(n) and 0 < n <= MAX_SIDE for n in shape):
        raise ValueError(f"{name} has an impossible shape")
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(map(_is_count, offsets)):
        raise ValueError(f"{name} has impossible offsets")
    if offsets[1] - offsets[0] != math.prod(shape) * BYTES[kind]:
        raise ValueError(f"{name} takes another number of bytes than its shape")
    return kind, tuple(shape), offsets[0], offsets[1]


def _is_count(value: Json) -> bool:
    return type(value) is int and value >= 0


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {"": None}


def _vet_index(index: Path, headers: dict[str, dict[str, tuple[str, tuple[int, ...]]]]) -> None:
    """Hold the index of a model in several files to what the files hold."""
    try:
        found = parse_json(index.read_bytes())["weight_map"].items()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ModelError(f"{index}: no index of weights") from None
    for name, shard in found:
        if not isinstance(shard, str) or not SHARD.match(shard):
            raise ModelError(f"{index}: {str(shard)[:80]!r} is no file beside it")
        if name not in headers.get(shard, {}):
            raise ModelError(f"{index}: {name[:80]} is not in {shard}")


def parts_of(config: Json) -> Iterator[dict[str, Json]]:
    """Yield a configuration and every object inside it."""
    left = [config]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            yield part
        if isinstance(part, dict | list):
            left += part.values() if isinstance(part, dict) else part


def _vet_sizes(part: dict[str, Json], held: int, path: Path) -> None:
    """Refuse sizes that no model has, or that need more numbers than the files hold."""
    for names, most in ((LAYERS, MAX_LAYERS), (SIZES, MAX_SIZE)):
        for name in names:
            value = part.get(name)
            if type(value) is int and not 0 <= value <= most:
                raise ModelError(f"{path}: {name} {value}: a model has 0 to {most}")
    width = max((part[name] for name in WIDTHS if type(part.get(name)) is int), default=0)
    for name in LENGTHS:
        value = part.get(name)
        if type(value) is int and value * width > held:
            raise ModelError(
                f"{path}: {name} {value} at width {width} takes more than the {held} bytes of its "
                "weights: the files are not those of this configuration"
            )
