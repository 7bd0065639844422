"""Quantised weights: what is read gives the numbers that the files hold, all else is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from made import request
from safetensors.torch import load_file, save_file

from evaluator.backends.base import DeviceChoice
from evaluator.backends.causal import CausalBackend
from evaluator.core.errors import ModelError

BLOCK = 16
FP8 = {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic",
       "weight_block_size": [BLOCK, BLOCK], "modules_to_not_convert": ["lm_head"]}  # fmt: skip
ASKED = [request(str(i), question=f"Question {i}", continuation=f" answer {i}") for i in range(3)]


def answers(folder: Path, dtype: str = "float32") -> list[float]:
    backend = CausalBackend(folder, dtype=dtype, machine=DeviceChoice())
    return [response.logprob for response in backend.answer(ASKED)]


def write(folder: Path, tensors: dict[str, torch.Tensor], **config: Any) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | config))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def quantise(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return (8-bit floats, scale of each block, what both say); sides are whole blocks."""
    rows, columns = (side // BLOCK for side in weight.shape)
    blocks = weight.view(rows, BLOCK, columns, BLOCK)
    scale = blocks.abs().amax((1, 3)) / 448  # the largest number of e4m3
    small = (blocks / scale[:, None, :, None]).to(torch.float8_e4m3fn)
    said = small.float() * scale[:, None, :, None]
    return small.reshape(weight.shape), scale, said.reshape(weight.shape)


@pytest.fixture()
def folders(tmp_path: Path, model_folder: Callable[[str], Path]) -> tuple[Path, Path]:
    """A model in fp8, and the same numbers as plain weights."""
    return save_fp8(model_folder("llama"), tmp_path / "a", tmp_path / "b")


def save_fp8(source: Path, fp8: Path, same: Path) -> tuple[Path, Path]:
    """Write a causal model in fp8, and the same numbers as plain weights; return both folders."""
    small, plain = (Path(shutil.copytree(source, to)) for to in (fp8, same))
    stored, said = {}, {}
    for name, weight in load_file(small / "model.safetensors").items():
        stored[name] = said[name] = weight
        if "_proj." in name:
            stored[name], stored[f"{name}_scale_inv"], said[name] = quantise(weight)
    return write(small, stored, quantization_config=FP8), write(plain, said)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_fp8_answers_as_the_numbers_that_its_files_hold(
    folders: tuple[Path, Path], model_folder: Callable[[str], Path], dtype: str
) -> None:
    small, plain = folders
    assert answers(small, dtype) == answers(plain, dtype)
    assert answers(small, dtype) != answers(model_folder("llama"), dtype)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"quant_method": "gptq"}, "quantised as 'gptq' are not read; only fp8"),
        ({"quant_method": "bitsandbytes"}, "quantised as 'bitsandbytes' are not read"),
        ({"quant_method": None}, "quantised as 'None' are not read"),
        ({"modules_to_convert": ["a"]}, "'modules_to_convert' is not read"),
        ({"weight_block_size": [16]}, "two sides"),
        ({"weight_block_size": [16, 0]}, "two sides"),
        ({"weight_block_size": None}, "two sides"),
        ({"activation_scheme": "static"}, "dynamic activations"),
        ({"fmt": "e5m2"}, "only e4m3"),
        ({"modules_to_not_convert": ["(a+)+$"]}, "names of modules"),
        ({"modules_to_not_convert": "lm_head"}, "names of modules"),
    ],
)
def test_any_other_quantisation_is_refused_with_what_is_read(
    folders: tuple[Path, Path], change: dict[str, Any], told: str
) -> None:
    folder = folders[0]
    write(folder, load_file(folder / "model.safetensors"), quantization_config=FP8 | change)
    with pytest.raises(ModelError, match=told):
        answers(folder)


@pytest.mark.parametrize(
    "dtype", [torch.int8, torch.int64, torch.uint8, torch.bool, torch.float8_e4m3fn]
)
def test_weights_in_a_format_that_needs_a_scale_are_refused_without_one(
    folders: tuple[Path, Path], dtype: torch.dtype
) -> None:
    folder = folders[1]
    tensors = load_file(folder / "model.safetensors")
    name = "model.layers.1.mlp.up_proj.weight"
    write(folder, tensors | {name: tensors[name].to(dtype)})
    with pytest.raises(ModelError, match=f"{name} is stored as [A-Z0-9_]+; weights are F32"):
        answers(folder)


def test_a_scale_that_is_missing_is_told(folders: tuple[Path, Path]) -> None:
    folder = folders[0]
    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight_scale_inv"]
    write(folder, tensors)
    with pytest.raises(ModelError, match=r"up_proj\.weight is stored as F8_E4M3"):
        answers(folder)
