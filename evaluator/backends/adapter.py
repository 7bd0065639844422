"""LoRA adapters: a few small matrices that are added to a base model's, once, when it is loaded.

    W' = W + (alpha / r) * B A        (Hu et al. 2021, arXiv 2106.09685, section 4.1)

Only numbers are taken from an adapter's files: its configuration is read field by field, so that
nothing in it can name a class to import, and the base is always the one that the submission pins.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evaluator.core.errors import ModelError, reason_of

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
FIELDS = (
    "r", "lora_alpha", "target_modules", "exclude_modules", "bias", "fan_in_fan_out", "use_rslora",
    "use_dora", "modules_to_save", "layers_to_transform", "layers_pattern", "rank_pattern",
    "alpha_pattern",
)  # fmt: skip
"""What of an adapter's configuration changes numbers; the rest is history or training."""


def add_adapter(model: Any, folder: Path) -> Any:
    """Return the model with an adapter's matrices added to its own.

    Args:
        model: the base, a causal language model of transformers.
        folder: holds adapter_config.json and adapter_model.safetensors.

    Raises:
        ModelError: another kind of adapter, missing files, or matrices that do not fit the base.
    """
    from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
    from safetensors.torch import load_file

    facts = read_adapter(folder)
    try:
        state = load_file(folder / WEIGHTS)
        wrapped = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **facts))
        expected = sum("lora_" in name for name, _ in wrapped.named_parameters())
        loaded = set_peft_model_state_dict(wrapped, state)
    except Exception as error:  # a stranger's files can raise anything
        raise ModelError(
            f"{folder}: the adapter does not fit its base: {reason_of(error)}"
        ) from None
    given = sum("lora_" in name for name in state)
    if loaded.unexpected_keys or given != expected:
        raise ModelError(
            f"{folder}: the adapter does not fit its base: {given} matrices in the file, "
            f"{expected} by its configuration, {len(loaded.unexpected_keys)} of no known name"
        )
    return wrapped.merge_and_unload().eval()


def read_adapter(folder: Path) -> dict[str, Any]:
    """Return what of an adapter's configuration changes numbers.

    Raises:
        ModelError: no LoRA of safetensors, or a configuration that is no JSON object.
    """
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise ModelError(f"{folder}: no {name}; expected a LoRA as peft saves it")
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{folder}/{CONFIG}: not valid JSON: {error}") from None
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        raise ModelError(f"{folder}/{CONFIG}: peft_type must be LORA")
    return {name: config[name] for name in FIELDS if config.get(name) is not None}
