"""Encoders with a classification head through transformers: text in, label probabilities out.

One forward pass for each distinct text or pair, without a prompt. A text longer than the model
takes loses its end, of a pair the longer one first, as these models were trained; what is lost is
counted. Log-softmax over the labels is taken in fp32.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification

from evaluator.backends.base import DeviceChoice
from evaluator.backends.batches import cut_batches, stack
from evaluator.backends.held import HeldModel
from evaluator.backends.labels import (
    Judged,
    Row,
    Texts,
    answer_labels,
    encode_texts,
    read_labels,
)
from evaluator.backends.loading import load_model, longest_row
from evaluator.core.records import Request, Response


class ClassifierBackend(HeldModel):
    """A model with a classification head on one device."""

    method = "head"

    def __init__(self, folder: Path, *, dtype: str, machine: DeviceChoice) -> None:
        """Load model and tokenizer from a folder in Hugging Face layout.

        Raises:
            ModelError: as `load_model`; a head of another kind than one label of several.
        """
        config, self._tokenizer, model = load_model(
            folder, AutoModelForSequenceClassification, dtype
        )
        super().__init__(model, machine)
        self._labels = read_labels(
            folder, {"problem_type": config.problem_type, "id2label": config.id2label}
        )
        self._longest = longest_row(config, self._tokenizer, model)
        # decoders with a head find the end of a row by its filling; without one they go alone
        self._fill = config.pad_token_id

    @torch.inference_mode()
    def answer(self, requests: Sequence[Request]) -> list[Response]:
        """Answer label requests in order; see `Backend.answer`."""
        return answer_labels(requests, self._labels, self._judge)

    def _judge(self, texts: list[Texts]) -> list[Judged]:
        rows = [encode_texts(self._tokenizer, text, self._longest) for text in texts]
        lengths = [len(row["input_ids"]) for row, _ in rows]
        budget = self._machine.batch_tokens if self._fill is not None else 1
        found: dict[int, tuple[float, ...]] = {}
        for batch in cut_batches(lengths, budget):
            logprobs = self._feed([rows[i][0] for i in batch])
            found |= {i: tuple(row) for i, row in zip(batch, logprobs.tolist(), strict=True)}
        return [
            Judged(logprobs=found[i], tokens=lengths[i], dropped=dropped)
            for i, (_, dropped) in enumerate(rows)
        ]

    def _feed(self, rows: Sequence[Row]) -> torch.Tensor:
        device = self._machine.device
        inputs = {
            name: stack(
                [row[name] for row in rows],
                (self._fill or 0) if name == "input_ids" else 0,
                device,
            )
            for name in rows[0]
        }
        self._tokens_fed += inputs["input_ids"].numel()
        logits: torch.Tensor = self._model(**inputs).logits
        return logits.float().log_softmax(dim=-1)
