"""Decoder language models through transformers: log-likelihoods and greedy generation.

The encoder turns text into token ids; `scoring` and `writing` do the rest on ids. Log-softmax is
taken in fp32 over scored rows alone. Weights come from safetensors; code that a model brings is
never run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

from evaluator.backends import respond
from evaluator.backends.adapter import add_adapter
from evaluator.backends.base import DeviceChoice
from evaluator.backends.encoder import Encoder
from evaluator.backends.loading import environment_of, load_model
from evaluator.backends.rounding import rounds, score_rounded
from evaluator.backends.runner import Runner
from evaluator.backends.scoring import score_pairs
from evaluator.backends.sharing import choose_sharing
from evaluator.backends.template import NONE
from evaluator.backends.writing import write_alone, write_greedily
from evaluator.core.records import Request, Response


class CausalBackend:
    """A causal language model on one device."""

    method = "loglikelihood"

    def __init__(
        self,
        folder: Path,
        *,
        dtype: str,
        machine: DeviceChoice,
        chat_template: str = NONE,
        adapter: Path | None = None,
    ) -> None:
        """Load model and tokenizer from a folder in Hugging Face layout.

        Args:
            folder: holds the files.
            dtype: float32, bfloat16 or float16.
            machine: where it runs.
            chat_template: whether and how prompts go through the model's own template (`template`).
            adapter: files of a LoRA that is added to the model.

        Raises:
            ModelError: code of its own, pickled weights, unknown architecture, broken files, an
                adapter that does not fit.
        """
        config, tokenizer, model = load_model(folder, AutoModelForCausalLM, dtype)
        if adapter:
            model = add_adapter(model, adapter)
        self._runner = Runner(model, machine.device, machine.batch_tokens)
        self.encoder = Encoder(folder, chat_template, tokenizer, config, model.generation_config)
        self._asked = 0
        with torch.inference_mode():
            self._sharing = self._runner.within_memory(lambda: choose_sharing(self._runner))

    @property
    def parameters(self) -> int:
        """Number of parameters, shared ones once."""
        return int(self._runner.model.num_parameters())

    @property
    def tokens_fed(self) -> int:
        """Tokens that have entered the model so far, filling included."""
        return self._runner.tokens_fed

    @property
    def tokens_saved(self) -> int:
        """Tokens that one pass a request would have fed besides, each without any sharing."""
        return max(0, self._asked - self._runner.tokens_fed)

    def environment(self) -> dict[str, str]:
        """Return versions, device, threads, and how prompts are shared."""
        return {
            **environment_of(self._runner.device),
            "sharing": f"{self._sharing.path}, within {self._sharing.gap:.1e} nat",
            "batch_tokens": str(self._runner.batch_tokens),
        }

    @torch.inference_mode()
    def answer(self, requests: Sequence[Request]) -> list[Response]:
        """Answer requests of one kind in order; see `Backend.answer`."""
        if not requests:
            return []
        answer = self._write if requests[0].generate else self._score
        framed = self.encoder.frame(requests)
        return self._runner.within_memory(lambda: answer(framed))

    def _score(self, requests: Sequence[Request]) -> list[Response]:
        asked = self.encoder.pairs(requests)
        pairs = [pair for pair, _ in asked]
        if rounds(self._runner.model.dtype, requests[0].protocol):
            found = score_rounded(self._runner, pairs)
        else:
            begun = self.encoder.beginning(requests)
            found = score_pairs(self._runner, self._sharing, pairs, begun)
        self._asked += sum(len(pair.stem) + len(pair.cont) - 1 for pair in pairs)
        return [
            respond.scored(request, found[pair], len(pair.cont), lost)
            for request, (pair, lost) in zip(requests, asked, strict=True)
        ]

    def _write(self, requests: Sequence[Request]) -> list[Response]:
        prompts, ending = self.encoder.prompts(requests), self.encoder.ending(requests)
        rows = [row for row, _ in prompts]
        if rounds(self._runner.model.dtype, requests[0].protocol):
            texts = write_alone(self._runner, rows, ending)
        else:
            begun = self.encoder.beginning(requests)
            texts = write_greedily(self._runner, self._sharing, rows, ending, begun)
        asked = zip(rows, texts, strict=True)
        self._asked += sum(len(row) + text.tokens - 1 for row, text in asked)
        return [
            respond.written(request, text, lost)
            for request, text, (_, lost) in zip(requests, texts, prompts, strict=True)
        ]
