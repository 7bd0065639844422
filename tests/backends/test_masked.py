"""Pseudo-log-likelihood against its definition, one masked token at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from made import request
from transformers import AutoModelForMaskedLM, AutoTokenizer

from evaluator.backends.base import DeviceChoice
from evaluator.backends.masked import MaskedBackend
from evaluator.core.errors import ModelError, TooLongError

Folder = Callable[[str], Path]
ASKED = [
    request(str(n), index=i, question=question, continuation=choice)
    for n, question in enumerate(["Is it?", "the cat sat on", "", "中文吗？"])
    for i, choice in enumerate([" yes", " no", " maybe it is", " 北京"])
]


def backend_of(folder: Path, **more: int) -> MaskedBackend:
    return MaskedBackend(folder, dtype="float32", machine=DeviceChoice(**more))


@pytest.mark.parametrize("name", ["bert_masked", "roberta_masked"])
def test_each_token_of_the_choice_is_predicted_from_all_others(
    name: str, model_folder: Folder
) -> None:
    """Equation 1 of Salazar et al. 2020, over the tokens of the choice."""
    folder = model_folder(name)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForMaskedLM.from_pretrained(folder).eval()
    for one, ours in zip(ASKED, backend_of(folder).answer(ASKED), strict=True):
        context = one.prompt.text()
        whole = tokenizer(context + one.continuation)["input_ids"]
        before = len(tokenizer(context, add_special_tokens=False)["input_ids"])
        places = range(1 + before, len(whole) - 1)
        total = 0.0
        for place in places:
            row = list(whole)
            row[place] = tokenizer.mask_token_id
            with torch.inference_mode():
                logits = model(torch.tensor([row])).logits[0, place]
            total += logits.log_softmax(-1)[whole[place]].item()
        assert ours.logprob == pytest.approx(total, abs=1e-4)
        assert ours.tokens == len(places)


def test_a_prompt_that_is_too_long_is_cut_from_the_left_and_counted(model_folder: Folder) -> None:
    (response,) = backend_of(model_folder("bert_masked")).answer(
        [request(question="q" * 500, continuation=" yes")]
    )
    assert response.dropped == 500 - (64 - 2 - response.tokens)


def test_a_model_of_the_roberta_family_never_uses_the_positions_it_lacks(
    model_folder: Folder,
) -> None:
    (response,) = backend_of(model_folder("roberta_masked")).answer(
        [request(question="q" * 500, continuation=" yes")]
    )
    assert response.dropped == 500 - (64 - 3 - 2 - response.tokens)


def test_a_masked_model_does_not_write(model_folder: Folder) -> None:
    asked = request(generate=True, continuation="", max_tokens=3)
    with pytest.raises(ModelError, match="cannot write"):
        backend_of(model_folder("bert_masked")).answer([asked])


def test_an_answer_longer_than_the_model_takes_is_refused(model_folder: Folder) -> None:
    with pytest.raises(TooLongError, match="at most 62"):
        backend_of(model_folder("bert_masked")).answer([request(continuation="q" * 80)])


def test_logits_that_are_no_numbers_are_told(model_folder: Folder) -> None:
    backend = backend_of(model_folder("bert_masked"))
    with torch.no_grad():
        backend._model.get_input_embeddings().weight.fill_(float("nan"))
    with pytest.raises(ModelError, match="check its weights"):
        backend.answer([request()])
