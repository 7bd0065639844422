"""Masked language models (BERT without a head) through transformers: pseudo-log-likelihood.

    PLL(choice | prompt) = sum over the choice's tokens t of  log P(t | prompt and choice, t masked)

One row for each token of a choice, in which that token alone is masked; prompt and the rest of the
choice stay visible. It is no probability: the terms condition on each other, so the sum over all
texts is not 1, and it cannot be compared with a log-likelihood in nats. It orders the choices of an
item. Source: Salazar et al. 2020, Masked Language Model Scoring, arXiv 1910.14659, equation 1;
there for a whole sentence, here for the choice after its prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForMaskedLM

from evaluator.backends import respond
from evaluator.backends.base import DeviceChoice
from evaluator.backends.batches import cut_batches, mask_of, stack
from evaluator.backends.held import HeldModel
from evaluator.backends.loading import load_model, longest_row
from evaluator.backends.tokens import Scored, add_up, cut_left, encode_pair, token_logprobs
from evaluator.backends.trie import Row
from evaluator.core.errors import ModelError, TooLongError
from evaluator.core.records import Request, Response

LOGITS = 2**26
"""Most logits (tokens x vocabulary) of one pass: the head of these models projects every token."""

Place = tuple[Row, int]
"""A whole row, and which of its tokens is masked."""


class MaskedBackend(HeldModel):
    """A masked language model on one device."""

    method = "pseudo-loglikelihood"

    def __init__(self, folder: Path, *, dtype: str, machine: DeviceChoice) -> None:
        """Load model and tokenizer from a folder in Hugging Face layout.

        Raises:
            ModelError: as `load_model`; a tokenizer without a mask token.
        """
        config, self._tokenizer, model = load_model(folder, AutoModelForMaskedLM, dtype)
        if self._tokenizer.mask_token_id is None:
            raise ModelError(f"{folder}: the tokenizer has no mask token")
        super().__init__(model, machine)
        self._longest = longest_row(config, self._tokenizer, model)
        self._before, self._after = self._frame()
        self._fill = int(config.pad_token_id or 0)
        vocabulary = int(model.get_input_embeddings().num_embeddings)
        self._budget = max(1, min(machine.batch_tokens, LOGITS // vocabulary))

    @torch.inference_mode()
    def answer(self, requests: Sequence[Request]) -> list[Response]:
        """Answer requests in order; see `Backend.answer`."""
        if any(request.generate for request in requests):
            raise ModelError("a masked language model cannot write")
        asked = [self._encode_request(request) for request in requests]
        places = list(dict.fromkeys(place for row, at, _ in asked for place in _places(row, at)))
        found = self._score(places)
        return [
            respond.scored(request, add_up([found[p] for p in _places(row, at)]), len(at), dropped)
            for request, (row, at, dropped) in zip(requests, asked, strict=True)
        ]

    def _encode_request(self, request: Request) -> tuple[Row, range, int]:
        """Return (whole row, places of the choice in it, prompt tokens cut from the left)."""
        context = request.prompt.text()
        if context.strip():
            ctx, cont = encode_pair(self._encode, context, request.continuation, self._fill)
        else:
            ctx, cont = [], self._encode(context + request.continuation, False)
        room = self._longest - len(self._before) - len(self._after) - len(cont)
        if not cont or room < 0:
            raise (TooLongError if cont else ModelError)(
                f"item {request.item}: {len(cont)} answer tokens; at least 1 and at most "
                f"{self._longest - len(self._before) - len(self._after)} can be scored"
            )
        kept, dropped = cut_left(ctx, room)
        start = len(self._before) + len(kept)
        row = (*self._before, *kept, *cont, *self._after)
        return row, range(start, start + len(cont)), dropped

    def _score(self, places: list[Place]) -> dict[Place, Scored]:
        """Return (log-probability, whether it is the likeliest) of each masked token."""
        found: dict[Place, Scored] = {}
        device = self._machine.device
        for batch in cut_batches([len(row) for row, _ in places], self._budget):
            rows = [places[i][0] for i in batch]
            at = torch.tensor([places[i][1] for i in batch], device=device)
            lines = torch.arange(len(batch), device=device)
            tokens = stack(rows, self._fill, device)
            truth = tokens[lines, at]
            tokens[lines, at] = self._tokenizer.mask_token_id
            self._tokens_fed += tokens.numel()
            logits = self._model(input_ids=tokens, attention_mask=mask_of(rows, device)).logits
            scored = token_logprobs(logits[lines, at], lines, truth)
            values = zip(scored[0].tolist(), scored[1].tolist(), strict=True)
            found |= {places[i]: value for i, value in zip(batch, values, strict=True)}
        return found

    def _encode(self, text: str, special: bool) -> list[int]:
        """Encode without the frame: it stands around prompt and choice together."""
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _frame(self) -> tuple[list[int], list[int]]:
        """Return the special tokens before and after a text."""
        bare = self._encode("a", False)
        framed: list[int] = self._tokenizer("a")["input_ids"]
        for start in range(len(framed) - len(bare) + 1):
            if framed[start : start + len(bare)] == bare:
                return framed[:start], framed[start + len(bare) :]
        return [], []


def _places(row: Row, at: range) -> list[Place]:
    return [(row, place) for place in at]
