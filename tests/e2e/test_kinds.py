"""Every kind of model, from its files to its place: check, run, rank."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from made_server import Model, listening, serve
from typer.testing import CliRunner

from evaluator.cli import app
from evaluator.core.errors import DocumentError

SMALL = ROOT / "submissions/starter/small"
KEY = "sk-never-to-be-seen-0123456789"
Json = Any


def evaluator(*words: str | Path, code: int = 0) -> str:
    """Type a command; return what it prints."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture()
def little(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree whose home is a suite of one small task."""
    monkeypatch.chdir(tmp_path)
    text = (tree / "board.yaml").read_text().replace("home: starter", "home: little")
    suite = text.split("\nsuites:\n")[1].split("      matching:\n")[1].split("      choice:\n")[0]
    head = "  little:\n    title: Little\n    summary: One task.\n    areas:\n      matching:\n"
    (tree / "board.yaml").write_text(text.replace("\nsuites:\n", f"\nsuites:\n{head}{suite}"))
    return tree


def submit(tree: Path, name: str, source: str | Path, kind: str, *more: str | Path) -> Path:
    """Submit a model by the command; return its folder."""
    submit_told(tree, name, source, kind, *more)
    return tree / "some-org" / name


def submit_told(tree: Path, name: str, source: str | Path, kind: str, *more: str | Path) -> str:
    """Submit a model by the command; return what it says."""
    return evaluator(
        "submit", source, "--name", f"some-org/{name}", "--kind", kind, "--licence", "MIT",
        "--training-data", "none", "--maintainer", "ada", "--suite", "little", "--tree", tree,
        *more,
    )  # fmt: skip


def measure(home: Path) -> Json:
    """Check and run a submission; return its result."""
    evaluator("check", home)
    evaluator("run", home)
    evaluator("check", home)
    (path,) = home.glob("results/*/*/????????.json")
    return json.loads(path.read_text())


def row_of(tree: Path, home: Path) -> Json:
    """Return a submission's line of the ranking."""
    found = json.loads(evaluator("rank", "--tree", tree, "--json"))
    rows = [*found["ranked"], *found["unranked"]]
    return next(row for row in rows if row["model"] == f"some-org/{home.name}")


def head_labels() -> tuple[str, ...]:
    """The labels of the task of the little board."""
    from evaluator.measure.data import load_examples
    from evaluator.tasks import load_task

    return load_examples(load_task("starter_matching")).labels


def save_kind(folder: Path, kind: str) -> Path:
    """Write a tiny random model of a kind, or teach one to scikit-learn."""
    from backends import conftest as models
    from backends.made_onnx import save_sklearn_pairs

    if kind == "onnx":
        return save_sklearn_pairs(folder, head_labels())
    if kind == "classifier":
        labels = dict(enumerate(head_labels()))
        return models.save_other(folder, "bert", id2label=labels, num_labels=len(labels))
    name, places = {"seq2seq": ("t5", "n_positions"), "masked": ("bert_masked",
                    "max_position_embeddings")}[kind]  # fmt: skip
    return models.save_other(folder, name, **{places: 512})


@pytest.mark.parametrize(
    "kind",
    [
        "classifier",
        pytest.param("seq2seq", marks=pytest.mark.heavy),
        pytest.param("masked", marks=pytest.mark.heavy),
        pytest.param("onnx", marks=pytest.mark.heavy),
    ],
)
def test_a_model_of_every_kind_goes_from_its_files_to_its_place(
    little: Path, tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    save_kind(folder, kind)
    tasks = ["--task", "starter_matching"] if kind in ("classifier", "onnx") else []
    home = submit(little, kind, folder, kind, *tasks)
    found = measure(home)
    method = {"classifier": "head", "onnx": "head", "masked": "pseudo-loglikelihood"}
    assert found["method"] == method.get(kind, "loglikelihood")
    assert found["model"]["parameters"] > 0
    row = row_of(little, home)
    assert row["best_rank"] is not None
    assert row["kind"] == kind


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
    with pytest.raises(DocumentError) as told:
        submit(little, "late", fp8, "causal")
    (fault,) = told.value.faults
    assert str(fault) == (
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
    with pytest.raises(DocumentError, match="no provider 'here'"):
        submit(little, "served", "small", "served", *more)
    with listening(serve(Model(SMALL / "weights"))) as url:
        board = (little / "board.yaml").read_text()
        facts = f"    url: {url}\n    key_variable: HERE_KEY\n    input_price: 0.5\n"
        (little / "board.yaml").write_text(f"{board}\nproviders:\n  here:\n{facts}")
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
    written = [p for p in tmp_path.rglob("*") if p.is_file() and KEY.encode() in p.read_bytes()]
    assert written == []
