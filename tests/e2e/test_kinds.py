"""Every kind of model, from its files to its place: check, run, rank."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import ROOT
from made_kinds import add_provider, evaluator, holders, measure, row_of, submit, submit_told
from made_server import Model, listening, serve

from evaluator.core.errors import EvaluatorError, ModelError

SMALL = ROOT / "submissions/starter/small"
KEY = "sk-never-to-be-seen-0123456789"


def head_labels() -> tuple[str, ...]:
    """The labels of the task of the little board."""
    from evaluator.measure.data import load_examples
    from evaluator.tasks import load_task

    return load_examples(load_task("starter_matching")).labels


def save_kind(folder: Path, name: str) -> Path:
    """Write a tiny random model, or teach one to scikit-learn, for the task of the little board."""
    from backends import conftest as models
    from backends import made_onnx
    from parity.models import save_model

    folder.mkdir()
    labels = head_labels()
    if name == "onnx_sklearn":
        return made_onnx.save_sklearn_pairs(folder, labels)
    if name in models.ONNX:
        return models.save_onnx(folder, name, labels)
    if name not in models.OTHERS:
        return save_model(folder, name, models.TEXTS)
    if models.OTHERS[name][1] == "SequenceClassification":
        facts = {"id2label": dict(enumerate(labels)), "num_labels": len(labels)}
        return models.save_other(folder, name, **facts)
    places = "n_positions" if name == "t5" else "max_position_embeddings"
    return models.save_other(folder, name, **{places: 512})


KINDS = {
    "causal": ("bloom", "gemma2", "gpt2", "gpt_neox", "llama", "mistral", "opt", "qwen2"),
    "seq2seq": ("bart", "t5"),
    "classifier": ("bert", "roberta"),  # and MiniLM, with its real weights: test_trained.py
    "masked": ("bert_masked", "roberta_masked"),
    "onnx": ("onnx_keras", "onnx_sklearn", "onnx_torch"),
}
"""Kind of model with files -> models of it, each of another family or library."""
METHODS = {"classifier": "head", "onnx": "head", "masked": "pseudo-loglikelihood"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(kind, name, marks=() if name == "bert" else pytest.mark.heavy)
        for kind, names in KINDS.items()
        for name in names
    ],
)
def test_a_model_of_every_kind_goes_from_its_files_to_its_place(
    little: Path, tmp_path: Path, kind: str, name: str
) -> None:
    folder = save_kind(tmp_path / "model", name)
    tasks = ["--task", "starter_matching"] if METHODS.get(kind) == "head" else []
    home = submit(little, name.replace("_", "-"), folder, kind, *tasks)
    found = measure(home)
    assert found["method"] == METHODS.get(kind, "loglikelihood")
    assert found["model"]["parameters"] > 0
    row = row_of(little, home)
    assert row["best_rank"] is not None
    assert row["kind"] == kind


def test_labels_that_are_not_the_tasks_are_told_when_a_classifier_is_submitted(
    little: Path, tmp_path: Path
) -> None:
    from backends.conftest import save_other

    (tmp_path / "model").mkdir()
    labels = {0: head_labels()[0], 1: "maybe"}
    save_other(tmp_path / "model", "bert", id2label=labels, num_labels=2)
    told = (
        "it lacks 'yes'; the task does not know 'maybe'. "
        "The task's labels: 'no', 'yes'. The model's: 'no', 'maybe'."
    )
    with pytest.raises(ModelError, match=re.escape(told)):
        submit(little, "else", tmp_path / "model", "classifier", "--task", "starter_matching")
    assert not (little / "some-org").exists()


def test_an_adapter_on_the_starter_model_is_measured_under_a_key_of_its_own(
    little: Path, tmp_path: Path
) -> None:
    from backends.test_adapter import save_adapter

    save_adapter(tmp_path / "lora")
    home = submit(little, "adapted", SMALL / "weights", "causal", "--adapter", tmp_path / "lora")
    found = measure(home)
    (path,) = SMALL.glob("results/starter_matching/*/????????.json")
    theirs = json.loads(path.read_text())
    names = set(found["model"]["manifest"]) - set(theirs["model"]["manifest"])
    assert names == {"adapter/adapter_config.json", "adapter/adapter_model.safetensors"}
    assert found["key"] != theirs["key"]
    assert found["responses"]["sha256"] != theirs["responses"]["sha256"]
    assert row_of(little, home)["best_rank"] is not None


def test_quantised_weights_are_measured_where_the_board_lists_them(
    little: Path, tmp_path: Path
) -> None:
    from backends.test_quantised import save_fp8

    fp8, plain = save_fp8(SMALL / "weights", tmp_path / "fp8", tmp_path / "plain")
    found = measure(submit(little, "small-fp8", fp8, "causal"))
    same = measure(submit(little, "small-same", plain, "causal"))
    assert found["key"] != same["key"]
    assert found["metrics"] == same["metrics"]
    assert row_of(little, little / "some-org/small-fp8")["best_rank"] is not None
    board = (little / "board.yaml").read_text()
    (little / "board.yaml").write_text(board.replace("quantisations: [fp8]", "quantisations: []"))
    evaluator("check", little / "some-org/small-fp8")  # what has results stays
    with pytest.raises(EvaluatorError) as told:
        submit(little, "late", fp8, "causal")
    assert str(told.value) == (
        "some-org/late/weights/config.json: /quantization_config: its weights are quantised as "
        "'fp8', and this board measures no quantised weights (`eligibility.quantisations` in "
        "board.yaml): submit the plain weights, or ask for the method to be listed"
    )
    assert not (little / "some-org/late").exists()


def test_a_state_file_is_measured_as_the_model_it_is(little: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    state = load_file(SMALL / "weights/model.safetensors")
    moments = {"state": {0: {"exp_avg": torch.ones(3)}}, "param_groups": []}
    content = {"state_dict": {f"model.{n}": t for n, t in state.items()}, "epoch": 3,
               "optimizer_states": [moments]}  # fmt: skip
    torch.save(content, tmp_path / "last.ckpt")
    told = submit_told(little, "state", tmp_path / "last.ckpt", "causal", "--architecture",
                       SMALL / "weights")  # fmt: skip
    assert "left out: epoch, optimizer_states" in told
    found = measure(little / "some-org/state")
    (path,) = SMALL.glob("results/starter_matching/*/????????.json")
    theirs = json.loads(path.read_text())
    assert found["metrics"]["f1"]["value"] == theirs["metrics"]["f1"]["value"]
    assert found["confusion"] == theirs["confusion"]


def test_a_served_model_gets_its_numbers_and_no_rank(
    little: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HERE_KEY", KEY)
    more = ("--provider", "here", "--answers", "logprobs")
    with pytest.raises(EvaluatorError, match="--provider: no provider 'here'"):
        submit(little, "served", "small", "served", *more)
    with listening(serve(Model(SMALL / "weights"))) as url:
        add_provider(little, "here", url=url, key_variable="HERE_KEY", input_price=0.5)
        home = submit(little, "served", "small", "served", *more)
        found = measure(home)
    (path,) = SMALL.glob("results/starter_matching/*/????????.json")
    theirs = json.loads(path.read_text())
    assert found["metrics"]["f1"]["value"] == theirs["metrics"]["f1"]["value"]
    run = found["run"]
    assert (run["trust"], run["environment"]["served"]) == ("served", "small fp_test")
    assert run["cost_usd"] == pytest.approx(run["tokens"] * 0.5e-6, abs=1e-6)
    row = row_of(little, home)
    assert (row["best_rank"], row["trust"]) == (None, "served")
    assert row["index"] is not None
    assert holders(tmp_path, KEY) == []
