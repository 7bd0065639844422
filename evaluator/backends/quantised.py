"""Quantised weights: the one format that files alone tell, without kernels or code.

`fp8`, as DeepSeek-V3 and Qwen3-FP8 are stored: each block of a weight has 8-bit floats and one
scale. They are multiplied out when the model is loaded, into the number format it is run in. So a
model is measured by the numbers it holds and not by a machine's kernels; activations are never
rounded to 8 bits. GPTQ, AWQ, bitsandbytes and the rest need kernels or libraries of their own.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from evaluator.core.errors import ModelError
from evaluator.core.files import Json

METHOD = "fp8"
SCALED = "F8_E4M3"
"""Number format of quantised weights in a file."""
MAX_BLOCK = 4096
"""Longest side of a block, in numbers."""
FIELDS = {"quant_method", "activation_scheme", "fmt", "weight_block_size",
          "modules_to_not_convert"}  # fmt: skip
"""All that a `quantization_config` may say."""


def vet_quantisation(told: Json, path: Path) -> None:
    """Refuse a `quantization_config` that is not plain fp8 in blocks.

    Raises:
        ModelError: says which formats are read.
    """
    known = isinstance(told, dict) and told.get("quant_method") == METHOD
    if not known:
        method = told.get("quant_method") if isinstance(told, dict) else told
        raise ModelError(
            f"{path}: weights quantised as {str(method)[:40]!r} are not read; only {METHOD} "
            "(blocks of 8-bit floats with a scale each) is. Submit it, or the plain weights"
        )
    if unknown := sorted(told.keys() - FIELDS):
        raise ModelError(f"{path}: quantization_config: {unknown[0][:40]!r} is not read here")
    block, kept = told.get("weight_block_size"), told.get("modules_to_not_convert") or []
    sides = isinstance(block, list) and len(block) == 2
    if not sides or not all(type(side) is int and 0 < side <= MAX_BLOCK for side in block):
        raise ModelError(f"{path}: weight_block_size must be two sides of 1 to {MAX_BLOCK}")
    if told.get("activation_scheme", "dynamic") != "dynamic" or told.get("fmt", "e4m3") != "e4m3":
        raise ModelError(f"{path}: of fp8, only e4m3 with dynamic activations is read")
    if not isinstance(kept, list) or not all(_is_module(name) for name in kept):
        raise ModelError(f"{path}: modules_to_not_convert must be names of modules")


def _is_module(name: object) -> bool:
    return isinstance(name, str) and len(name) < 200 and name.replace(".", "").isidentifier()


def vet_formats(kinds: dict[str, str], quantised: bool, path: Path) -> None:
    """Refuse weights in a number format that needs a scale, where none is told.

    Args:
        kinds: tensor -> number format, of all files.
        quantised: whether the configuration tells of a quantisation.
        path: the folder, for the message.

    Raises:
        ModelError: names the tensor.
    """
    floats: Collection[str] = ("F64", "F32", "F16", "BF16")
    for name, kind in kinds.items():
        scaled = quantised and kind == SCALED and f"{name}_scale_inv" in kinds
        if name.endswith("weight") and kind not in floats and not scaled:
            raise ModelError(
                f"{path}: {name} is stored as {kind}; weights are F32, F16 or BF16, or {SCALED} "
                f"with a scale and a quantization_config of {METHOD}"
            )


def multiplied_out(config: Any) -> dict[str, Any]:
    """Return what `from_pretrained` needs to read the weights of a configuration as plain ones."""
    told = getattr(config, "quantization_config", None)
    if told is None:
        return {}
    from transformers import FineGrainedFP8Config

    told = told if isinstance(told, dict) else told.to_dict()
    return {
        "quantization_config": FineGrainedFP8Config(
            dequantize=True,
            weight_block_size=tuple(told["weight_block_size"]),
            modules_to_not_convert=told.get("modules_to_not_convert"),
        )
    }
