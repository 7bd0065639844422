"""State files: what is kept, what is dropped, what is refused, and that nothing runs."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import ROOT
from safetensors.torch import load_file

from evaluator.core.errors import ModelError
from evaluator.measure.state_file import convert_state, fit_names, read_state

WEIGHTS = ROOT / "submissions/starter/small/weights"
State = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def state() -> State:
    return load_file(WEIGHTS / "model.safetensors")


@pytest.fixture()
def architecture(tmp_path: Path) -> Path:
    """The starter model without its numbers."""
    folder = tmp_path / "architecture"
    shutil.copytree(WEIGHTS, folder)
    (folder / "model.safetensors").unlink()
    return folder


def save(tmp_path: Path, content: Any, name: str = "model_state.pth") -> Path:
    torch.save(content, tmp_path / name)
    return tmp_path / name


def lightning(state: State) -> dict[str, Any]:
    """What a Lightning checkpoint holds, optimizer included."""
    moments = {0: {"step": torch.tensor(3.0), "exp_avg": torch.ones(4)}}
    return {
        "epoch": 2,
        "global_step": 300,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": {f"model.{name}": tensor for name, tensor in state.items()}
        | {"val_acc.correct": torch.tensor(7)},
        "optimizer_states": [{"state": moments, "param_groups": [{"lr": 1e-3, "params": [0]}]}],
        "lr_schedulers": [],
        "callbacks": {"ModelCheckpoint": {"best_model_score": torch.tensor(0.1)}},
        "hyper_parameters": {"width": 64},
    }


@pytest.mark.parametrize("wrap", ["plain", "model_state_dict", "module", "compiled", "lightning"])
def test_the_same_numbers_come_out_however_they_were_wrapped(
    tmp_path: Path, architecture: Path, state: State, wrap: str
) -> None:
    content: dict[str, Any] = {
        "plain": state,
        "model_state_dict": {"model_state_dict": state, "optimizer": {"lr": 0.1}, "epoch": 1},
        "module": {f"module.{name}": tensor for name, tensor in state.items()},
        "compiled": {f"module._orig_mod.{name}": tensor for name, tensor in state.items()},
        "lightning": lightning(state),
    }[wrap]
    done = convert_state(save(tmp_path, content), architecture, "causal", tmp_path / "out")
    found = load_file(tmp_path / "out" / "model.safetensors")
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], state[name]) for name in state)
    assert (tmp_path / "out" / "tokenizer.json").is_file()
    if wrap == "lightning":
        assert "optimizer_states" in done.dropped
        assert "val_acc.correct" in done.dropped
    assert ("epoch" in done.dropped) == (wrap in ("model_state_dict", "lightning"))


class Trap:
    """A pickle that writes a file when it is loaded."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.target, "it ran")


@pytest.mark.parametrize("how", ["torch", "pickle", "inside"])
def test_a_pickle_that_would_run_code_is_refused_and_nothing_runs(
    tmp_path: Path, architecture: Path, state: State, how: str
) -> None:
    target, path = tmp_path / "ran.txt", tmp_path / "model_state.pth"
    if how == "pickle":
        path.write_bytes(pickle.dumps(Trap(target)))
    else:
        torch.save(Trap(target) if how == "torch" else {**state, "x": Trap(target)}, path)
    with pytest.raises(ModelError, match="Nothing in it was run"):
        convert_state(path, architecture, "causal", tmp_path / "out")
    assert not target.exists()
    assert not (tmp_path / "out").exists()
    # the trap is a real one
    with path.open("rb") as file:
        pickle.load(file) if how == "pickle" else torch.load(file, weights_only=False)
    assert target.read_text() == "it ran"


def test_names_and_shapes_that_differ_are_told_at_once(
    tmp_path: Path, architecture: Path, state: State
) -> None:
    first, second, *_ = sorted(state)
    changed = {**state, first: torch.ones(2, 3), "extra.weight": torch.ones(1)}
    del changed[second]
    with pytest.raises(ModelError, match=r"not the architecture of its config\.json") as caught:
        convert_state(save(tmp_path, changed), architecture, "causal", tmp_path / "out")
    for part in (f"missing: {second}", "unknown: extra.weight", f"{first} is [2, 3], not"):
        assert part in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (torch.ones(3), "holds a Tensor"),
        ({"epoch": 3}, "no tensors in it"),
        ([1, 2], "holds a list"),
    ],
)
def test_what_is_no_state_is_told(tmp_path: Path, content: Any, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        read_state(save(tmp_path, content))


def test_broken_and_missing_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.pth").write_bytes(b"PK\x03\x04 no archive")
    for name, told in (("a.pth", "cannot be read as weights alone"), ("b.pth", "no such file")):
        with pytest.raises(ModelError, match=told):
            read_state(tmp_path / name)


def test_objects_are_refused_without_the_advice_to_trust_them(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Nothing in it was run") as caught:
        read_state(save(tmp_path, {"weight": torch.ones(3), "where": Path("here")}))
    assert "trust" not in str(caught.value) and "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "more", [{"auto_map": {}}, {"text_config": {"attn_implementation": "some-org/some-kernel"}}]
)
def test_an_architecture_that_brings_code_is_refused(
    tmp_path: Path, architecture: Path, state: State, more: dict[str, Any]
) -> None:
    config = json.loads((architecture / "config.json").read_text())
    (architecture / "config.json").write_text(json.dumps(config | more))
    with pytest.raises(ModelError, match="is not allowed here"):
        convert_state(save(tmp_path, state), architecture, "causal", tmp_path / "out")


def test_only_kinds_with_a_known_frame_are_converted(tmp_path: Path, state: State) -> None:
    with pytest.raises(ModelError, match="cannot be a model of kind onnx"):
        convert_state(save(tmp_path, state), WEIGHTS, "onnx", tmp_path / "out")


def test_the_prefix_that_leaves_most_names_known_is_taken_off() -> None:
    expected = {"a.weight": 0, "b.weight": 0}
    kept, prefix = fit_names({"net.a.weight": 1, "net.b.weight": 2, "loss.c": 3}, expected)
    assert (kept, prefix) == ({"a.weight": 1, "b.weight": 2}, "net.")
    assert fit_names({"a.weight": 1}, expected) == ({"a.weight": 1}, "")
