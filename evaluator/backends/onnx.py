"""Classifiers in one ONNX file, from any library: text in, label probabilities out.

| the graph's inputs | what they get |
|---|---|
| `input_ids`; `attention_mask`, `token_type_ids` if there | tokens, by the tokenizer beside it |
| one tensor of strings, two for pairs of texts | the texts themselves |

Its output is called `logits` or `probabilities`, or comes out of a softmax: one number a label, in
the order of `id2label` in `config.json`. Nothing in the file is run but standard operators
(`onnx_graph.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from transformers import AutoTokenizer

from evaluator.backends.base import DeviceChoice
from evaluator.backends.batches import cut_batches
from evaluator.backends.labels import Judged, Row, Texts, answer_labels, encode_texts, read_labels
from evaluator.backends.loading import SAFE, environment_of, read_config, told
from evaluator.backends.onnx_graph import Graph, read_graph
from evaluator.core.errors import ModelError, reason_of
from evaluator.core.records import FloatArray, Request, Response

TOKEN_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
LONGEST = 8192
"""Most tokens of a text where neither configuration nor tokenizer names a bound."""
SMALLEST = float(np.finfo(np.float32).tiny)
"""What a probability of zero counts as, about 1e-38: its logarithm must be a number."""


class OnnxBackend:
    """A classifier in one ONNX file."""

    method = "head"
    tokens_saved = 0

    def __init__(self, folder: Path, *, machine: DeviceChoice) -> None:
        """Load `model.onnx`, the label map in `config.json`, and a tokenizer if tokens are read.

        Raises:
            ModelError: no such files, operators that are not standard, inputs or outputs of
                another form than the table above.
        """
        config = read_config(folder)
        path = folder / "model.onnx"
        if not path.is_file():
            raise ModelError(f"{folder}: no model.onnx")
        self._graph = read_graph(path)
        self._labels = read_labels(folder, config)
        self._session = open_session(path, machine.device)
        self._inputs = {found.name: found for found in self._session.get_inputs()}
        self._output, self._is_logits = find_output(path, self._session, self._graph)
        self._reads_text = all(i.type == "tensor(string)" for i in self._inputs.values())
        if not self._reads_text:
            self._tokenizer = load_tokenizer(folder, self._inputs)
            width = self._inputs["input_ids"].shape[1]
            self._fixed = isinstance(width, int)
            self._longest = width if self._fixed else longest_text(config, self._tokenizer)
        self._machine = machine
        self._tokens_fed = 0

    @property
    def parameters(self) -> int:
        """Number of learned numbers in the file."""
        return self._graph.parameters

    @property
    def tokens_fed(self) -> int:
        """Tokens that have entered the model so far, filling included; 0 if it reads text."""
        return self._tokens_fed

    def environment(self) -> dict[str, str]:
        """Return versions, device and threads."""
        return environment_of(self._machine.device) | {"onnxruntime": onnxruntime.__version__}

    def answer(self, requests: Sequence[Request]) -> list[Response]:
        """Answer label requests in order; see `Backend.answer`."""
        judge = self._judge_texts if self._reads_text else self._judge_tokens
        return answer_labels(requests, self._labels, judge)

    def _judge_texts(self, texts: list[Texts]) -> list[Judged]:
        return [
            Judged(logprobs=self._feed(self._fill(text), 1)[0], tokens=0, dropped=0)
            for text in texts
        ]

    def _fill(self, texts: Texts) -> dict[str, Any]:
        """Return a row of texts as the graph takes them: side by side, or each by itself."""
        (first, *others) = self._inputs.values()
        wide = first.shape[1] if not others and len(first.shape) == 2 else 1
        takes = wide if isinstance(wide, int) and wide > 1 else len(self._inputs)
        if takes != len(texts):
            raise ModelError(f"the model reads {takes} texts at once, the task has {len(texts)}")
        if takes > len(self._inputs):
            return {first.name: np.array([texts])}
        values = zip(self._inputs.items(), texts, strict=True)
        return {name: np.array(t).reshape([1] * len(i.shape)) for (name, i), t in values}

    def _judge_tokens(self, texts: list[Texts]) -> list[Judged]:
        rows = [encode_texts(self._tokenizer, text, self._longest) for text in texts]
        lengths = [len(row["input_ids"]) for row, _ in rows]
        found: dict[int, tuple[float, ...]] = {}
        for batch in cut_batches(lengths, self._machine.batch_tokens if self._together else 1):
            size = self._longest if self._fixed else max(lengths[i] for i in batch)
            fed = {name: self._stack([rows[i][0] for i in batch], name, size)
                   for name in self._inputs}  # fmt: skip
            self._tokens_fed += len(batch) * size
            found |= dict(zip(batch, self._feed(fed, len(batch)), strict=True))
        return [
            Judged(logprobs=found[i], tokens=lengths[i], dropped=dropped)
            for i, (_, dropped) in enumerate(rows)
        ]

    @property
    def _together(self) -> bool:
        """True if no row changes what another gets: filling is masked, and any number is taken."""
        any_number = not isinstance(self._inputs["input_ids"].shape[0], int)
        return self._graph.batches and "attention_mask" in self._inputs and any_number

    def _stack(self, rows: Sequence[Row], name: str, size: int) -> Any:
        fill = self._tokenizer.pad_token_id or 0 if name == "input_ids" else 0
        number = np.int32 if self._inputs[name].type == "tensor(int32)" else np.int64
        # a tokenizer that knows no token types means that all are of the first
        lines = [row.get(name, [0] * len(row["input_ids"])) for row in rows]
        return np.array([[*line, *[fill] * (size - len(line))] for line in lines], number)

    def _feed(self, fed: dict[str, Any], rows: int) -> list[tuple[float, ...]]:
        """Return the log-probabilities of each row's labels."""
        try:
            values = np.asarray(self._session.run([self._output], fed)[0], np.float64)
        except Exception as error:  # whatever the file makes of it
            raise ModelError(f"onnxruntime cannot compute the model: {reason_of(error)}") from None
        if values.shape != (rows, len(self._labels)):
            raise ModelError(
                f"the output {self._output} has the shape {values.shape} for {rows} texts, but "
                f"id2label names {len(self._labels)} labels"
            )
        logprobs = log_softmax(values) if self._is_logits else log_probabilities(values)
        return [tuple(row) for row in logprobs.tolist()]


def open_session(path: Path, device: str) -> onnxruntime.InferenceSession:
    """Return a session that computes an ONNX file on one device.

    Raises:
        ModelError: onnxruntime cannot compute it.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4
    wanted = ["CUDAExecutionProvider"] if device == "cuda" else []
    with told(path, "onnxruntime"):
        return onnxruntime.InferenceSession(
            str(path), options, providers=[*wanted, "CPUExecutionProvider"]
        )


def find_output(
    path: Path, session: onnxruntime.InferenceSession, graph: Graph
) -> tuple[str, bool]:
    """Return (name, whether it is logits) of the output that is read.

    Raises:
        ModelError: no tensor whose name or maker tells what it is.
    """
    outputs = {found.name: found.type for found in session.get_outputs()}
    tensors = [name for name, kind in outputs.items() if kind.startswith("tensor(")]
    for name in ("logits", "probabilities", *sorted(graph.probabilities)):
        if name in tensors:
            return name, name == "logits"
    known = ", ".join(f"{name}: {kind}" for name, kind in outputs.items())
    raise ModelError(
        f"{path}: needs an output called logits or probabilities, a tensor with one number a "
        f"label; it has {known}. In skl2onnx: options={{'zipmap': False}}"
    )


def load_tokenizer(folder: Path, inputs: dict[str, Any]) -> Any:
    """Return the tokenizer beside a graph that reads tokens.

    Raises:
        ModelError: inputs of another form, or no tokenizer.
    """
    if strange := [name for name in inputs if name not in TOKEN_INPUTS]:
        raise ModelError(
            f"{folder}/model.onnx: cannot fill {', '.join(strange)}; a graph reads strings, or "
            f"{', '.join(TOKEN_INPUTS)}"
        )
    try:
        return AutoTokenizer.from_pretrained(folder, **SAFE)
    except Exception as error:  # a stranger's files can raise anything
        raise ModelError(f"{folder}: no tokenizer that can be read: {reason_of(error)}") from None


def longest_text(config: dict[str, Any], tokenizer: Any) -> int:
    """Return the most tokens a graph takes that names no length itself."""
    bounds = (config.get("max_position_embeddings"), tokenizer.model_max_length)
    return min(int(bound) for bound in (*bounds, LONGEST) if bound)


def log_softmax(logits: FloatArray) -> FloatArray:
    """Return the (B, C) log-probabilities of logits."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    found: FloatArray = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return found


def log_probabilities(values: FloatArray) -> FloatArray:
    """Return the logarithms of (B, C) probabilities.

    Raises:
        ModelError: a row that is no distribution: negative, or its sum further than 1e-3 from 1.
    """
    total = values.sum(axis=1, keepdims=True)
    if not (np.all(values >= 0) and np.all(np.abs(total - 1) < 1e-3)):
        raise ModelError(
            "the output probabilities holds rows that do not add up to 1; name it logits if it "
            "stands before a softmax"
        )
    found: FloatArray = np.log(np.maximum(values / total, SMALLEST))
    return found
