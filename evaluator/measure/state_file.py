"""State files -> models: what torch.save or Lightning wrote, as safetensors of an architecture.

A state file is a pickle, and a pickle may run code. It is read with `weights_only=True`, which
builds tensors and plain containers and nothing else. What is no model state (optimizer, schedule,
epoch) is dropped; what is left must have the names and shapes of the architecture.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluator.core.errors import ModelError
from evaluator.measure.manifest import FILES

SUFFIXES = (".pth", ".pt", ".ckpt", ".bin", ".safetensors")
"""Endings of state files."""
INSIDE = ("state_dict", "model_state_dict", "model_state", "model", "module")
"""Where checkpoints keep the model's state, in the order they are looked for."""
HEADS = {
    "causal": "AutoModelForCausalLM",
    "seq2seq": "AutoModelForSeq2SeqLM",
    "classifier": "AutoModelForSequenceClassification",
    "masked": "AutoModelForMaskedLM",
}
"""Kind of model -> the class of transformers that knows its names and shapes."""
SHOWN = 6
"""Most names in one message."""

State = Mapping[str, Any]
"""Name -> tensor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """What became of a state file."""

    parameters: int
    """Numbers in the model."""
    dropped: tuple[str, ...]
    """Entries that were no model state."""


def convert_state(source: Path, architecture: Path, kind: str, out: Path) -> Converted:
    """Write a state file as a model folder that the evaluator loads.

    Args:
        source: the state file.
        architecture: folder with config.json and the tokenizer's files.
        kind: causal, seq2seq, classifier or masked.
        out: folder that is made.

    Raises:
        ModelError: a pickle that would run code, no state inside, another architecture.
    """
    state, dropped = read_state(source)
    model = _frame(architecture, kind)
    expected = model.state_dict()
    kept, prefix = fit_names(state, expected)
    foreign = sorted(name for name in state if not name.startswith(prefix))
    _check_against(source, kept, expected, _tied(model))
    model.load_state_dict(kept, strict=False, assign=True)
    model.tie_weights()
    out.mkdir(parents=True)
    model.save_pretrained(out)
    for path in _material(architecture):
        shutil.copy(path, out)
    return Converted(parameters=int(model.num_parameters()), dropped=(*dropped, *foreign))


def read_state(source: Path) -> tuple[dict[str, Any], list[str]]:
    """Return (name -> tensor, names of what is no model state) of a state file.

    Raises:
        ModelError: cannot be read without running code, or holds no tensors.
    """
    import torch

    content = _load(source)
    if not isinstance(content, Mapping):
        raise ModelError(f"{source}: holds a {type(content).__name__}, not names with tensors")
    dropped: list[str] = []
    for name in INSIDE:
        if isinstance(content.get(name), Mapping):
            dropped = sorted(str(key) for key in content if key != name)
            content = content[name]
            break
    state = {str(key): value for key, value in content.items() if isinstance(value, torch.Tensor)}
    dropped += sorted(str(key) for key in content if str(key) not in state)
    if not state:
        raise ModelError(f"{source}: no tensors in it; expected what model.state_dict() gives")
    return state, dropped


def _load(source: Path) -> Any:
    import torch
    from safetensors.torch import load_file

    try:
        if source.suffix == ".safetensors":
            return load_file(source)
        return torch.load(source, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ModelError(f"{source}: no such file") from None
    except Exception:  # a stranger's file can raise anything; torch would say how to trust it
        raise ModelError(
            f"{source}: cannot be read as weights alone: it is broken, or holds more than numbers. "
            "Nothing in it was run. Save the state without objects: "
            "torch.save(model.state_dict(), path)"
        ) from None


def _frame(architecture: Path, kind: str) -> Any:
    """Return a model of the architecture without numbers: names and shapes alone."""
    import torch
    import transformers

    from evaluator.backends.loading import SAFE, must_fit, read_config, refuse_keys, told

    if kind not in HEADS:
        raise ModelError(f"a state file cannot be a model of kind {kind}: {', '.join(HEADS)}")
    transformers.utils.logging.disable_progress_bar()  # one file is written: nothing to watch
    refuse_keys(read_config(architecture), architecture / "config.json")
    head = getattr(transformers, HEADS[kind])
    with told(architecture, "transformers"):
        config = transformers.AutoConfig.from_pretrained(architecture, **SAFE)
    must_fit(architecture, config, head)
    with told(architecture, "transformers"), torch.device("meta"):
        return head.from_config(config, trust_remote_code=False)


def fit_names(state: State, expected: State) -> tuple[dict[str, Any], str]:
    """Return (state by the architecture's names, prefix taken off).

    Wrappers put a prefix before every name: `model.` (Lightning), `module.` (data parallel),
    `_orig_mod.` (compiled). The one is taken off that leaves most names known; the shortest of
    equals.
    """
    prefixes = {""}
    for name in state:
        parts = name.split(".")
        prefixes |= {".".join(parts[:i]) + "." for i in range(1, min(len(parts), 5))}

    def known(prefix: str) -> int:
        return sum(n.startswith(prefix) and n.removeprefix(prefix) in expected for n in state)

    best = min(prefixes, key=lambda prefix: (-known(prefix), len(prefix), prefix))
    kept = {n.removeprefix(best): tensor for n, tensor in state.items() if n.startswith(best)}
    return kept, best


def _check_against(source: Path, kept: State, expected: State, tied: set[str]) -> None:
    """Raise ModelError with every name and shape that differs from the architecture's."""
    told = []
    missing = sorted(expected.keys() - kept.keys() - tied)
    unknown = sorted(kept.keys() - expected.keys())
    shapes = [
        f"{name} is {list(kept[name].shape)}, not {list(expected[name].shape)}"
        for name in sorted(kept.keys() & expected.keys())
        if kept[name].shape != expected[name].shape
    ]
    for what, names in (("missing", missing), ("unknown", unknown), ("other shape", shapes)):
        if names:
            more = f" and {len(names) - SHOWN} more" * (len(names) > SHOWN)
            told.append(f"{what}: {', '.join(names[:SHOWN])}{more}")
    if told:
        raise ModelError(f"{source}: not the architecture of its config.json; {'; '.join(told)}")


def _tied(model: Any) -> set[str]:
    """Return names that share another's numbers and may be left out."""
    named = getattr(model, "all_tied_weights_keys", None) or {}
    return set(named)


def _material(architecture: Path) -> list[Path]:
    """Return the files beside the weights: configuration and tokenizer."""
    found = [path for pattern in FILES for path in sorted(architecture.glob(pattern))]
    return [p for p in found if p.suffix != ".safetensors" and ".safetensors" not in p.name]
