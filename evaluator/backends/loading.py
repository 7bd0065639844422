"""Load a model from files without running anything they bring."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import CONFIG_MAPPING, AutoConfig, AutoTokenizer

from evaluator.backends.quantised import multiplied_out, vet_quantisation
from evaluator.backends.vetting import parts_of, vet_folder
from evaluator.core.errors import ModelError, counted, reason_of

FORBIDDEN = (
    "auto_map",
    "trust_remote_code",
    # these can name a kernel on the hub: code that would be fetched and run
    "attn_implementation",
    "_attn_implementation",
    "_attn_implementation_internal",
    "_experts_implementation",
    "use_kernels",
)
"""Keys of a configuration that bring code or change the numbers."""
QUANTISATION = "quantization_config"
SAFE = {"trust_remote_code": False, "local_files_only": True}
"""How files are read through transformers: nothing in them is run, and nothing is fetched."""


def load_model(folder: Path, kind: Any, dtype: str) -> tuple[Any, Any, Any]:
    """Return (configuration, tokenizer, model) of a folder in Hugging Face layout.

    Args:
        folder: holds config.json, a tokenizer and *.safetensors.
        kind: the `Auto...` class of transformers that makes the model.
        dtype: float32, bfloat16 or float16.

    Raises:
        ModelError: code of its own, pickled weights, unknown architecture, broken files.
    """
    config, tokenizer = load_frame(folder)
    must_fit(folder, config, kind)
    with told(folder, "transformers"):
        model, loaded = kind.from_pretrained(
            folder,
            config=config,
            dtype=getattr(torch, dtype),
            use_safetensors=True,
            output_loading_info=True,
            **multiplied_out(config),
            **SAFE,
        )
    if missing := sorted(loaded["missing_keys"]):
        raise ModelError(
            f"{folder}: not in its files: {counted(len(missing), 'weight')}, such as {missing[0]}; "
            "they would be filled with random numbers"
        )
    _must_know(folder, tokenizer, model.get_input_embeddings().weight.shape[0])
    if getattr(config, QUANTISATION, None):
        for weight in model.parameters():  # multiplied out or not, all in one format
            weight.data = weight.data.to(getattr(torch, dtype))
    return config, tokenizer, model.eval()


def _must_know(folder: Path, tokenizer: Any, rows: int) -> None:
    """Refuse a tokenizer that makes tokens of plain text which the model has no row for.

    Special tokens may lie beyond, such as one for padding that nobody asks for.
    """
    special = set(tokenizer.all_special_ids)
    beyond = [
        (index, token)
        for token, index in tokenizer.get_vocab().items()
        if index >= rows and index not in special
    ]
    if beyond:
        index, token = min(beyond)
        raise ModelError(
            f"{folder}: token {token[:40]!r} of its tokenizer has the number {index}, and the "
            f"model has {rows} rows of embeddings"
        )


def load_frame(folder: Path) -> tuple[Any, Any]:
    """Return (configuration, tokenizer) of a folder in Hugging Face layout; no weights are read.

    Raises:
        ModelError: as `load_model`.
    """
    refuse_unsafe(folder)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    _must_be_known(folder)
    with told(folder, "transformers"):
        config = AutoConfig.from_pretrained(folder, **SAFE)
        return config, AutoTokenizer.from_pretrained(folder, **SAFE)


def _must_be_known(folder: Path) -> None:
    """Refuse an architecture that this version of transformers has no code for."""
    named = read_config(folder).get("model_type")
    if named not in CONFIG_MAPPING:
        raise ModelError(
            f"{folder}/config.json: transformers {transformers.__version__} knows no architecture "
            f"{str(named)[:40]!r} (model_type). Code of its own is never run: ask for a version "
            "that knows it, or let a server run the model (kind: served)"
        )


def must_fit(folder: Path, config: Any, kind: Any) -> None:
    """Refuse an architecture that is of another kind than the model is said to be.

    Args:
        folder: holds config.json.
        config: what transformers reads there.
        kind: the `Auto...` class of transformers that would make the model.

    Raises:
        ModelError: names the architecture and the class.
    """
    if type(config) not in kind._model_mapping:
        raise ModelError(
            f"{folder}/config.json: the architecture {config.model_type} has no "
            f"{kind.__name__.removeprefix('AutoModelFor')}: is the kind of the model right?"
        )


@contextmanager
def told(path: Path, library: str) -> Iterator[None]:
    """Tell in a sentence what a library raises while it loads a stranger's files.

    Raises:
        ModelError: names the file or folder and the library.
    """
    try:
        yield
    except Exception as error:  # they can raise anything
        raise ModelError(f"{path}: {library} cannot load it: {reason_of(error)}") from None


def refuse_unsafe(folder: Path) -> None:
    """Refuse a folder whose loading would need code or pickle.

    Raises:
        ModelError: no configuration, no safetensors, a pickled file, or a configuration that names
            code of its own or a quantisation that needs it; weights that are not what they say
            (`vet_folder`).
    """
    config = read_config(folder)
    if not any(folder.glob("*.safetensors")):
        raise ModelError(f"{folder}: no *.safetensors file")
    refuse_keys(config, folder / "config.json")
    if QUANTISATION in config:
        vet_quantisation(config[QUANTISATION], folder / "config.json")
    vet_folder(folder, config)


def refuse_keys(config: dict[str, Any], path: Path) -> None:
    """Refuse a configuration that names code of its own, or a quantisation of a part alone.

    Raises:
        ModelError: names the key.
    """
    for part in parts_of(config):
        inner = () if part is config else (QUANTISATION,)
        for key in (*FORBIDDEN, *inner):
            if key in part:
                raise ModelError(f"{path}: {key!r} is not allowed here; remove it")


def read_config(folder: Path) -> dict[str, Any]:
    """Return the configuration of a folder that holds no pickled file.

    Raises:
        ModelError: no configuration, a broken one, or a pickled file beside it.
    """
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder}: no config.json; expected a model in Hugging Face layout")
    pickled = sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix in (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack")
    )
    if pickled:
        raise ModelError(f"{folder}: {', '.join(pickled)} may run code when loaded; remove it")
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{folder}/config.json: not valid JSON: {error}") from None
    if not isinstance(config, dict):
        raise ModelError(f"{folder}/config.json: must be an object of settings")
    return config


def longest_input(config: Any, tokenizer: Any) -> int:
    """Return the most tokens the model takes, by the first of the names in use for it.

    (lm-evaluation-harness 0.4.13, `HFLM.max_length`.)
    """
    inner = getattr(config, "text_config", config)
    for name in ("n_positions", "max_position_embeddings", "n_ctx"):
        if getattr(inner, name, None):
            return int(getattr(inner, name))
    known = int(tokenizer.model_max_length)
    return known if known < 10**12 else 2048


def longest_row(config: Any, tokenizer: Any, model: Any) -> int:
    """Return the most tokens an encoder takes.

    The RoBERTa family counts positions from one past the id of its filling, so that many of its
    `max_position_embeddings` are never used.
    """
    unused = 0
    for name, part in model.named_modules():
        if name.endswith("position_embeddings") and getattr(part, "padding_idx", None) is not None:
            unused = part.padding_idx + 1
    return min(longest_input(config, tokenizer) - unused, int(tokenizer.model_max_length))


def environment_of(device: str) -> dict[str, str]:
    """Return versions, device and threads, for the record of a run."""
    return {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "device": torch.cuda.get_device_name() if device == "cuda" else platform.machine(),
        "threads": str(torch.get_num_threads()),
    }
