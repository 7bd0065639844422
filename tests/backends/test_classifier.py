"""Classifiers against transformers, and label maps against the labels of a task."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from backends.conftest import LABELS, save_other
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz, request
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from evaluator.backends.base import DeviceChoice
from evaluator.backends.classifier import ClassifierBackend
from evaluator.backends.labels import match_labels
from evaluator.core.errors import ModelError
from evaluator.core.records import Request

Folder = Callable[[str], Path]
TEXTS = [("Is it?",), ("the cat sat", "on the mat"), ("",), ("中文吗？",), ("", "yes")]


def backend_of(folder: Path, **more: Any) -> ClassifierBackend:
    return ClassifierBackend(folder, dtype="float32", machine=DeviceChoice(**more))


def asked_about(*texts: tuple[str, ...], labels: tuple[str, ...] = LABELS) -> list[Request]:
    return [
        request(str(n), index=i, texts=text, labels=labels, continuation=label)
        for n, text in enumerate(texts)
        for i, label in enumerate(labels)
    ]


@pytest.mark.parametrize("name", ["bert", "roberta", "gpt2_head"])
def test_probabilities_are_those_of_one_text_at_a_time(name: str, model_folder: Folder) -> None:
    folder = model_folder(name)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    found = iter(backend_of(folder).answer(asked_about(*TEXTS)))
    for text in TEXTS:
        with torch.inference_mode():
            logits = model(**tokenizer(*text, return_tensors="pt")).logits[0]
        for place, logprob in enumerate(logits.log_softmax(-1).tolist()):
            ours = next(found)
            assert ours.logprob == pytest.approx(logprob, abs=1e-5)
            assert ours.greedy == (place == int(logits.argmax()))


def test_a_text_is_read_once_however_often_it_is_asked_about(model_folder: Folder) -> None:
    backend = backend_of(model_folder("bert"))
    backend.answer(asked_about(("the cat",)))
    once = backend.tokens_fed
    backend.answer(asked_about(*[("the cat",)] * 5))
    assert backend.tokens_fed == 2 * once


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_a_text_that_is_too_long_loses_its_end_and_is_counted(
    name: str, model_folder: Folder
) -> None:
    longest = {"bert": 64, "roberta": 64 - 3}[name]
    backend = backend_of(model_folder(name))
    cut = backend.answer(asked_about(("q" * 1000,)))
    whole = backend.answer(asked_about(("q" * (longest - 2),)))
    assert [r.dropped for r in cut] == [1002 - longest] * 3
    assert [r.logprob for r in cut] == [r.logprob for r in whole]
    assert [r.dropped for r in whole] == [0] * 3


def test_of_a_pair_the_longer_text_is_cut_first(model_folder: Folder) -> None:
    backend = backend_of(model_folder("bert"))
    cut = backend.answer(asked_about(("short", "q" * 1000)))
    kept = 64 - 3 - len(backend._tokenizer("short", add_special_tokens=False)["input_ids"])
    whole = backend.answer(asked_about(("short", "q" * kept)))
    assert [r.logprob for r in cut] == [r.logprob for r in whole]


def test_a_text_of_a_hundred_thousand_tokens_is_read_to_where_the_model_ends(
    model_folder: Folder,
) -> None:
    (first, *_) = backend_of(model_folder("bert")).answer(asked_about(("中" * 100_000,)))
    assert first.tokens == 64
    assert first.dropped == 100_002 - 64


def test_a_head_without_a_filling_token_reads_one_text_at_a_time(model_folder: Folder) -> None:
    backend = backend_of(model_folder("gpt2_head"))
    sizes: list[int] = []
    backend._model.register_forward_hook(lambda m, a, out: sizes.append(len(out.logits)))
    backend.answer(asked_about(*TEXTS))
    assert sizes == [1] * len(TEXTS)


# --- label maps ---


def test_case_underscores_and_spaces_do_not_part_labels() -> None:
    assert match_labels(("card lost", "no"), ("NO", "Card_Lost")) == [1, 0]


@fuzz
@given(st.permutations(["a", "b b", "c", "d"]), st.permutations(["a", "b b", "c", "d"]))
def test_each_label_finds_its_own_place(asked: list[str], known: list[str]) -> None:
    assert [known[place] for place in match_labels(asked, known)] == asked


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (("no", "yes"), "lacks 'card lost'"),
        (("no", "yes", "card lost", "other"), "does not know 'other'"),
        (("LABEL_0", "LABEL_1", "LABEL_2"), "does not know 'LABEL_0', 'LABEL_1', 'LABEL_2'"),
        (("no", "yes", "card lost", "NO"), "does not fit"),
    ],
)
def test_a_label_map_that_does_not_fit_is_refused_with_both_lists(
    known: tuple[str, ...], told: str
) -> None:
    with pytest.raises(ModelError) as caught:
        match_labels(LABELS, known)
    assert told in str(caught.value)
    assert "The task's labels: 'no', 'yes', 'card lost'" in str(caught.value)
    assert f"The model's: {', '.join(map(repr, known))}" in str(caught.value)


def test_the_labels_are_compared_before_a_text_is_read(model_folder: Folder) -> None:
    backend = backend_of(model_folder("bert"))
    with pytest.raises(ModelError, match="does not fit the task"):
        backend.answer(asked_about(("a",), labels=("no", "yes")))
    assert backend.tokens_fed == 0


def test_a_request_without_bare_text_is_told(model_folder: Folder) -> None:
    with pytest.raises(ModelError, match="no bare text"):
        backend_of(model_folder("bert")).answer([request()])


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"problem_type": "regression"}, "regression"),
        ({"problem_type": "multi_label_classification"}, "multi_label"),
        ({"id2label": {0: "score"}, "num_labels": 1}, "at least two"),
    ],
)
def test_heads_of_other_kinds_are_refused(tmp_path: Path, facts: Any, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        backend_of(save_other(tmp_path, "bert", **facts))


def test_an_architecture_that_nobody_knows_is_told(tmp_path: Path) -> None:
    folder = save_other(tmp_path, "bert")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "quantum"}))
    with pytest.raises(
        ModelError, match=r"config\.json: transformers .* no architecture 'quantum'"
    ):
        backend_of(folder)


def test_logits_that_are_no_numbers_are_told(model_folder: Folder) -> None:
    backend = backend_of(model_folder("bert"))
    with torch.no_grad():
        backend._model.classifier.weight.fill_(float("nan"))
    with pytest.raises(ModelError, match="check its weights"):
        backend.answer(asked_about(("a",)))
