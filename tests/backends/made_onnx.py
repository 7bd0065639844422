"""Classifiers in ONNX files as three libraries write them."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import transformers
from backends.conftest import LABELS, framed_tokenizer, save_other

os.environ.setdefault("KERAS_BACKEND", "torch")
TRAINED = (("no way", "no"), ("not at all", "no"), ("yes of course", "yes"), ("sure, yes", "yes"),
           ("my card is lost", "card lost"), ("i lost my card", "card lost"))  # fmt: skip


def write_labels(folder: Path, labels: Sequence[str] = LABELS) -> Path:
    text = json.dumps({"id2label": {str(i): label for i, label in enumerate(labels)}})
    (folder / "config.json").write_text(text)
    return folder


def save_torch(folder: Path, labels: Sequence[str]) -> Path:
    """A random BERT with a head, exported by torch, with its tokenizer."""
    save_other(folder, "bert", id2label=dict(enumerate(labels)), num_labels=len(labels))
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        folder, attn_implementation="eager"
    ).eval()
    ids = torch.ones((2, 7), dtype=torch.long)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    axes = {name: {0: "rows", 1: "places"} for name in names}
    with warnings.catch_warnings():  # the exporter's own
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, (ids, ids, ids * 0), str(folder / "model.onnx"), input_names=names,
            output_names=["logits"], dynamic_axes=axes, dynamo=False,
        )  # fmt: skip
    for path in folder.glob("*.safetensors"):
        path.unlink()
    return folder


def save_sklearn(folder: Path) -> Path:
    """A bag of words with logistic regression, trained here, exported by skl2onnx."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import StringTensorType
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    texts, labels = zip(*TRAINED, strict=True)
    pipeline = make_pipeline(TfidfVectorizer(lowercase=False), LogisticRegression()).fit(
        texts, labels
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = to_onnx(
            pipeline,
            initial_types=[("text", StringTensorType([None, 1]))],
            options={"zipmap": False},
        )
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    return write_labels(folder, pipeline.classes_.tolist())


def save_sklearn_pairs(folder: Path, labels: Sequence[str]) -> Path:
    """Two texts in, a word of each weighed: what scikit-learn makes of pairs."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import StringTensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    rows = np.array([["a card", "a card"], ["a card", "a loan"], ["a loan", "a loan"]])
    seen = [(f"text{i}", CountVectorizer(lowercase=False), i) for i in (0, 1)]
    pipeline = make_pipeline(ColumnTransformer(seen), LogisticRegression())
    pipeline.fit(rows, [labels[1], labels[0], labels[1]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = to_onnx(
            pipeline,
            initial_types=[("texts", StringTensorType([None, 2]))],
            options={"zipmap": False},
        )
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    return write_labels(folder, pipeline.classes_.tolist())


def save_keras(folder: Path, labels: Sequence[str]) -> Path:
    """A random Keras model over tokens, exported by Keras itself."""
    import keras

    tokenizer = framed_tokenizer("$A", "$A $B")
    tokenizer.model_max_length = 16
    keras.utils.set_random_seed(3)
    ids = keras.Input((16,), dtype="int32", name="input_ids")
    seen = keras.layers.Embedding(len(tokenizer), 8)(ids)
    pooled = keras.layers.GlobalAveragePooling1D()(seen)
    head = keras.layers.Dense(len(labels), activation="softmax", name="probabilities")(pooled)
    model = keras.Model(ids, head)
    model(np.zeros((1, 16), "int32"))  # Keras exports what it has seen at work
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.export(folder / "model.onnx", format="onnx", verbose=False)
        model.save(folder / "model.keras")
    tokenizer.save_pretrained(folder)
    return write_labels(folder, labels)
