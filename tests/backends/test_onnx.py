"""ONNX files of three libraries against those libraries, and files that must be refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from backends import made_onnx
from backends.conftest import LABELS, save_other
from backends.made_onnx import TRAINED
from made import request
from onnx import TensorProto, helper, numpy_helper
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from evaluator.backends.base import DeviceChoice
from evaluator.backends.onnx import OnnxBackend, log_probabilities
from evaluator.core.errors import ModelError
from evaluator.core.records import Request

Folder = Callable[[str], Path]


def asked_about(*texts: tuple[str, ...], labels: tuple[str, ...] = LABELS) -> list[Request]:
    return [
        request(str(n), index=i, texts=text, labels=labels, continuation=label)
        for n, text in enumerate(texts)
        for i, label in enumerate(labels)
    ]


def answers_of(folder: Path, *texts: tuple[str, ...]) -> list[list[float]]:
    found = OnnxBackend(folder, machine=DeviceChoice()).answer(asked_about(*texts))
    return [[r.logprob for r in found[i : i + 3]] for i in range(0, len(found), 3)]


def test_an_export_of_torch_says_what_the_model_says(tmp_path: Path, model_folder: Folder) -> None:
    texts = [("Is it?",), ("the cat sat", "on the mat"), ("",), ("中文吗？" * 3,)]
    model = AutoModelForSequenceClassification.from_pretrained(model_folder("bert")).eval()
    tokenizer = AutoTokenizer.from_pretrained(model_folder("bert"))
    found = answers_of(model_folder("onnx_torch"), *texts)
    for text, ours in zip(texts, found, strict=True):
        with torch.inference_mode():
            logits = model(**tokenizer(*text, return_tensors="pt")).logits[0]
        assert ours == pytest.approx(logits.log_softmax(-1).tolist(), abs=1e-5)


def test_an_export_of_scikit_learn_says_what_it_was_taught(model_folder: Folder) -> None:
    labels = json.loads((model_folder("onnx_sklearn") / "config.json").read_text())["id2label"]
    assert list(labels.values()) == sorted(LABELS)
    found = answers_of(model_folder("onnx_sklearn"), *[(text,) for text, _ in TRAINED])
    for (_, label), logprobs in zip(TRAINED, found, strict=True):
        assert LABELS[int(np.argmax(logprobs))] == label
        assert np.exp(logprobs).sum() == pytest.approx(1)


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # inside Keras
def test_an_export_of_keras_says_what_keras_says(model_folder: Folder) -> None:
    import keras

    folder = model_folder("onnx_keras")
    model = keras.saving.load_model(folder / "model.keras")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = [("the cat sat on the mat, and then",), ("no",), ("",)]
    found = answers_of(folder, *texts)
    for (text,), ours in zip(texts, found, strict=True):
        ids = tokenizer(text, truncation=True)["input_ids"][:16]
        row = np.array([[*ids, *[tokenizer.pad_token_id] * (16 - len(ids))]], "int32")
        probabilities = keras.ops.convert_to_numpy(model(row))[0]
        assert ours == pytest.approx(np.log(probabilities).tolist(), abs=1e-5)


def test_a_text_longer_than_the_model_takes_is_cut_and_counted(model_folder: Folder) -> None:
    backend = OnnxBackend(model_folder("onnx_keras"), machine=DeviceChoice())
    (first, *_) = backend.answer(asked_about(("q" * 100_000,)))
    assert (first.tokens, first.dropped) == (16, 100_000 - 16)


# --- files that are refused ---


def small_graph(
    folder: Path,
    *,
    operator: str = "MatMul",
    domain: str = "",
    output: str = "logits",
    inputs: str = "input_ids",
    elsewhere: str = "",
    wide: int = 3,
) -> Path:
    """A graph that multiplies what it reads: a frame for faults."""
    weights = numpy_helper.from_array(np.ones((4, wide), np.float32), "weights")
    if elsewhere:
        weights.ClearField("raw_data")
        weights.data_location = TensorProto.EXTERNAL
        weights.external_data.add(key="location", value=elsewhere)
    graph = helper.make_graph(
        [
            helper.make_node("Cast", [inputs], ["numbers"], to=TensorProto.FLOAT),
            helper.make_node(operator, ["numbers", "weights"], [output], domain=domain),
        ],
        "graph",
        [helper.make_tensor_value_info(inputs, TensorProto.INT64, [None, 4])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [None, wide])],
        [weights],
    )
    opsets = [helper.make_opsetid("", 18)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), folder / "model.onnx")
    save_other(folder / "bert", "bert")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(folder / "bert" / name, folder)
    return made_onnx.write_labels(folder)


def test_the_frame_itself_is_answered(tmp_path: Path) -> None:
    backend = OnnxBackend(small_graph(tmp_path), machine=DeviceChoice())
    assert [r.logprob for r in backend.answer(asked_about(("a",)))] == pytest.approx(
        [-np.log(3)] * 3
    )
    assert backend.parameters == 12


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (
            {"operator": "Run", "domain": "com.example"},
            "com.example.Run need a library of their own",
        ),
        ({"elsewhere": "../../etc/passwd"}, "stands in '../../etc/passwd'"),
        ({"elsewhere": "/etc/passwd"}, "stands in '/etc/passwd'"),
        ({"elsewhere": "model.onnx.data"}, "onnxruntime cannot load it"),
        ({"output": "scores"}, "needs an output called logits or probabilities.*it has scores"),
        ({"inputs": "pixels"}, "cannot fill pixels"),
        ({"operator": "Quantum"}, "onnxruntime cannot load it"),
    ],
)
def test_what_is_no_plain_graph_is_refused(
    tmp_path: Path, facts: dict[str, str], told: str
) -> None:
    with pytest.raises(ModelError, match=told):
        OnnxBackend(small_graph(tmp_path, **facts), machine=DeviceChoice())


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"wide": 2}, "has the shape \\(1, 2\\) for 1 texts, but id2label names 3 labels"),
        ({"output": "probabilities"}, "do not add up to 1"),
    ],
)
def test_numbers_that_cannot_be_are_told(tmp_path: Path, facts: dict[str, str], told: str) -> None:
    backend = OnnxBackend(small_graph(tmp_path, **facts), machine=DeviceChoice())
    with pytest.raises(ModelError, match=told):
        backend.answer(asked_about(("a",)))


def test_a_file_that_is_no_graph_is_told(tmp_path: Path) -> None:
    small_graph(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"\x80\x04cposix\nsystem\n")
    with pytest.raises(ModelError, match=r"not an ONNX file|cannot load it"):
        OnnxBackend(tmp_path, machine=DeviceChoice())


def test_a_folder_without_its_parts_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no config\.json"):
        OnnxBackend(tmp_path, machine=DeviceChoice())
    made_onnx.write_labels(tmp_path)
    with pytest.raises(ModelError, match=r"no model\.onnx"):
        OnnxBackend(tmp_path, machine=DeviceChoice())
    small_graph(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match="no tokenizer"):
        OnnxBackend(tmp_path, machine=DeviceChoice())
    (tmp_path / "weights.pkl").write_bytes(b"")
    with pytest.raises(ModelError, match="may run code"):
        OnnxBackend(tmp_path, machine=DeviceChoice())


def test_rows_that_would_change_each_other_go_alone(tmp_path: Path) -> None:
    """A dynamically quantised product scales by the largest number of all rows."""
    small_graph(tmp_path)
    model = onnx.load(tmp_path / "model.onnx")
    model.graph.node[1].CopyFrom(
        helper.make_node("DynamicQuantizeLinear", ["numbers"], ["small", "scale", "zero"])
    )
    model.graph.node.append(
        helper.make_node("DequantizeLinear", ["small", "scale", "zero"], ["again"])
    )
    model.graph.node.append(helper.make_node("MatMul", ["again", "weights"], ["logits"]))
    onnx.save(model, tmp_path / "model.onnx")
    backend = OnnxBackend(tmp_path, machine=DeviceChoice())
    together = backend.answer(asked_about(("a",), ("北京",)))
    assert together[:3] == backend.answer(asked_about(("a",)))


def test_zero_is_no_infinite_surprise() -> None:
    found = log_probabilities(np.array([[0.0, 1.0]]))
    assert found[0].tolist() == pytest.approx([-87.34, 0], abs=0.01)
