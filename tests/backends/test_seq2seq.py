"""Sequence-to-sequence models against transformers, one pair at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from backends.conftest import save_other
from made import request
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from evaluator.backends.base import DeviceChoice
from evaluator.backends.seq2seq import Seq2SeqBackend
from evaluator.core.errors import ModelError, TooLongError

Folder = Callable[[str], Path]
QUESTIONS = ("Is it?", "the cat sat on the mat, and then it \n", "中文吗？")
CHOICES = (" yes", " no", " maybe it is", " 北京")


def backend_of(folder: Path) -> Seq2SeqBackend:
    return Seq2SeqBackend(folder, dtype="float32", machine=DeviceChoice())


@pytest.mark.parametrize("name", ["t5", "bart"])
def test_log_likelihoods_are_those_of_one_pair_at_a_time(name: str, model_folder: Folder) -> None:
    folder = model_folder(name)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    asked = [
        request(str(n), index=i, question=question, continuation=choice)
        for n, question in enumerate(QUESTIONS)
        for i, choice in enumerate(CHOICES)
    ]
    for one, ours in zip(asked, backend_of(folder).answer(asked), strict=True):
        context = one.prompt.text()
        kept = context.rstrip()
        target = tokenizer(context[len(kept) :] + one.continuation, add_special_tokens=False)
        labels = torch.tensor([target["input_ids"]])
        with torch.inference_mode():
            logits = model(**tokenizer(kept, return_tensors="pt"), labels=labels).logits[0]
        rows = logits.log_softmax(-1)
        expected = rows[torch.arange(labels.shape[1]), labels[0]].sum().item()
        assert ours.logprob == pytest.approx(expected, abs=1e-4)
        assert ours.greedy == bool((rows.argmax(-1) == labels[0]).all())
        assert ours.tokens == labels.shape[1]


@pytest.mark.parametrize("name", ["t5", "bart"])
def test_texts_are_those_that_generate_writes(name: str, model_folder: Folder) -> None:
    folder = model_folder(name)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    asked = [
        request(str(n), question=text, generate=True, continuation="", max_tokens=8)
        for n, text in enumerate(QUESTIONS)
    ]
    for one, ours in zip(asked, backend_of(folder).answer(asked), strict=True):
        source = tokenizer(one.prompt.text(), return_tensors="pt")
        written = model.generate(**source, max_new_tokens=8, do_sample=False, num_beams=1)
        text = tokenizer.decode(written[0], skip_special_tokens=True)
        assert ours.text == text


def test_each_distinct_source_passes_through_the_encoder_once(model_folder: Folder) -> None:
    backend = backend_of(model_folder("t5"))
    encoder = backend._model.get_encoder()
    rows: list[int] = []
    encoder.register_forward_hook(lambda module, args, out: rows.append(len(out[0])))
    asked = [
        request(str(n), index=i, question=QUESTIONS[n % 2], continuation=choice)
        for n in range(6)
        for i, choice in enumerate(CHOICES)
    ]
    backend.answer(asked)
    assert sum(rows) == 2


def test_a_source_that_is_too_long_is_cut_from_the_left_and_counted(model_folder: Folder) -> None:
    (response,) = backend_of(model_folder("bart")).answer([request(question="q" * 1000)])
    assert response.dropped == 1001 - 160


def test_an_answer_longer_than_the_model_takes_is_refused(model_folder: Folder) -> None:
    with pytest.raises(TooLongError, match="at most 160"):
        backend_of(model_folder("t5")).answer([request(continuation="q" * 500)])


def test_a_model_without_an_end_writes_up_to_the_limit(tmp_path: Path) -> None:
    folder = save_other(tmp_path, "bart", eos_token_id=None, forced_eos_token_id=None)
    backend = backend_of(folder)
    backend._tokenizer.eos_token = None
    asked = request(generate=True, continuation="", max_tokens=7)
    (response,) = backend.answer([asked])
    assert (response.finish, response.tokens) == ("length", 7)


def test_logits_that_are_no_numbers_are_told(model_folder: Folder) -> None:
    backend = backend_of(model_folder("t5"))
    with torch.no_grad():
        backend._model.get_input_embeddings().weight.fill_(float("nan"))
    with pytest.raises(ModelError, match="check its weights"):
        backend.answer([request()])
    with pytest.raises(ModelError, match="check its weights"):
        backend.answer([request(generate=True, continuation="", max_tokens=3)])
