"""Sequence-to-sequence models (T5, BART) through transformers: log-likelihoods and greedy writing.

The prompt is the source: each distinct one passes through the encoder once. A choice is what the
decoder is asked to write after its start token. Source and target are encoded apart, and no end
token is scored (lm-evaluation-harness 0.4.13, `HFLM._encode_pair`, `_loglikelihood_tokens`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSeq2SeqLM
from transformers.modeling_outputs import BaseModelOutput

from evaluator.backends import respond
from evaluator.backends.base import DeviceChoice
from evaluator.backends.batches import cut_batches, mask_of, stack
from evaluator.backends.ending import Ending, Written, end_ids, likeliest
from evaluator.backends.held import HeldModel
from evaluator.backends.loading import load_model, longest_input
from evaluator.backends.numbers import nats
from evaluator.backends.rounding import rounds
from evaluator.backends.tokens import Scored, cut_left, token_logprobs
from evaluator.backends.trie import Row
from evaluator.core.errors import ModelError, TooLongError
from evaluator.core.records import Request, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """Sources that have passed through the encoder."""

    hidden: torch.Tensor
    """(B, L, H) what the decoder looks at."""
    mask: torch.Tensor
    """(B, L) 1 where a source token stands."""

    def take(self, lines: Sequence[int]) -> dict[str, Any]:
        """Return the model's arguments for these lines, any of them more than once."""
        at = torch.tensor(lines, device=self.mask.device)
        return {
            "encoder_outputs": BaseModelOutput(last_hidden_state=self.hidden[at]),
            "attention_mask": self.mask[at],
        }


class Seq2SeqBackend(HeldModel):
    """An encoder-decoder language model on one device."""

    method = "loglikelihood"

    def __init__(self, folder: Path, *, dtype: str, machine: DeviceChoice) -> None:
        """Load model and tokenizer from a folder in Hugging Face layout.

        Raises:
            ModelError: as `load_model`; a configuration without a start token for the decoder.
        """
        config, self._tokenizer, model = load_model(folder, AutoModelForSeq2SeqLM, dtype)
        super().__init__(model, machine)
        self._longest = longest_input(config, self._tokenizer)
        self._end_ids = end_ids(model.generation_config, self._tokenizer)
        named = (model.generation_config.decoder_start_token_id, config.decoder_start_token_id)
        start = next((i for i in named if i is not None), None)
        if start is None:
            raise ModelError(f"{folder}/config.json: no decoder_start_token_id")
        self._start = int(start)

    @torch.inference_mode()
    def answer(self, requests: Sequence[Request]) -> list[Response]:
        """Answer requests of one kind in order; see `Backend.answer`."""
        if not requests:
            return []
        if rounds(self._model.dtype, requests[0].protocol):
            raise ModelError("protocol lm-eval rounds as that harness does for decoders alone: "
                             "measure this model in float32")  # fmt: skip
        return self._write(requests) if requests[0].generate else self._score(requests)

    # --- log-likelihood ---

    def _score(self, requests: Sequence[Request]) -> list[Response]:
        pairs = [self._encode_pair(request) for request in requests]
        wanted: dict[Row, list[Row]] = {}
        for source, target, _ in pairs:
            wanted.setdefault(source, []).append(target)
        found: dict[tuple[Row, Row], Scored] = {}
        for sources, encoded in self._encode_sources(list(wanted)):
            asked = [(i, t) for i, s in enumerate(sources) for t in dict.fromkeys(wanted[s])]
            for line, target, score in self._score_targets(encoded, asked):
                found[sources[line], target] = score
        return [
            respond.scored(request, found[source, target], len(target), dropped)
            for request, (source, target, dropped) in zip(requests, pairs, strict=True)
        ]

    def _encode_pair(self, request: Request) -> tuple[Row, Row, int]:
        """Return (source ids, target ids, source tokens cut from the left)."""
        context = request.prompt.text()
        kept = context.rstrip()
        target = self._encode(context[len(kept) :] + request.continuation, special=False)
        if not 0 < len(target) <= self._longest:
            raise (TooLongError if target else ModelError)(
                f"item {request.item}: {len(target)} answer tokens; at least 1 and at most "
                f"{self._longest} can be scored"
            )
        source, dropped = self._encode_source(kept)
        return source, tuple(target), dropped

    def _encode_source(self, text: str) -> tuple[Row, int]:
        ids = self._encode(text)
        if not ids:  # an empty prompt, and a tokenizer that adds nothing
            first = (self._tokenizer.bos_token_id, self._tokenizer.eos_token_id, self._start)
            ids = [next(i for i in first if i is not None)]
        kept, dropped = cut_left(ids, self._longest)
        return tuple(kept), dropped

    def _score_targets(
        self, encoded: Encoded, asked: list[tuple[int, Row]]
    ) -> Iterator[tuple[int, Row, Scored]]:
        """Yield (line of the source, target, (log-likelihood, greedy))."""
        width = encoded.mask.shape[1]
        lengths = [max(width, len(target)) for _, target in asked]
        for batch in cut_batches(lengths, self._machine.batch_tokens):
            rows = [(self._start, *asked[i][1][:-1]) for i in batch]
            decoder = stack(rows, 0, self._machine.device)
            self._tokens_fed += decoder.numel()
            logits = self._model(
                **encoded.take([asked[i][0] for i in batch]),
                decoder_input_ids=decoder,
                use_cache=False,
            ).logits
            ids = [token for i in batch for token in asked[i][1]]
            # only real places: what stands after the end of a shorter target is no answer
            places = mask_of(rows, self._machine.device).bool()
            logprobs, greedy = token_logprobs(
                logits[places],
                torch.arange(len(ids), device=self._machine.device),
                torch.tensor(ids, device=self._machine.device),
            )
            parts = [len(asked[i][1]) for i in batch]
            split = zip(torch.split(logprobs, parts), torch.split(greedy, parts), strict=True)
            for i, (values, best) in zip(batch, split, strict=True):
                score = nats(values.double().sum().item()), bool(best.all())
                yield asked[i][0], asked[i][1], score

    # --- writing ---

    def _write(self, requests: Sequence[Request]) -> list[Response]:
        sources = [self._encode_source(request.prompt.text()) for request in requests]
        ending = Ending(
            stop=requests[0].stop,
            end_ids=self._end_ids,
            max_tokens=requests[0].max_tokens,
            tokenizer=self._tokenizer,
        )
        found: dict[Row, Written] = {}
        for rows, encoded in self._encode_sources(list(dict.fromkeys(s for s, _ in sources))):
            found |= dict(zip(rows, self._write_batch(encoded, ending), strict=True))
        return [
            respond.written(request, found[source], dropped)
            for request, (source, dropped) in zip(requests, sources, strict=True)
        ]

    def _write_batch(self, encoded: Encoded, ending: Ending) -> list[Written]:
        lines = list(range(len(encoded.mask)))
        seen = encoded.take(lines)
        written: list[list[int]] = [[] for _ in lines]
        done: dict[int, Written] = {}
        tokens = torch.full((len(lines), 1), self._start, device=self._machine.device)
        cache = None
        while len(done) < len(lines):
            self._tokens_fed += tokens.numel()
            output = self._model(
                **seen, decoder_input_ids=tokens, past_key_values=cache, use_cache=True
            )
            cache = output.past_key_values
            tokens = self._choose(output.logits[:, -1], first=not written[0])
            for line, token in enumerate(tokens[:, 0].tolist()):
                written[line].append(token)
                text = None if line in done else ending.finish(written[line])
                if text is not None:
                    done[line] = text
        return [done[line] for line in lines]

    def _choose(self, logits: torch.Tensor, *, first: bool) -> torch.Tensor:
        """Return the (B, 1) likeliest tokens; a model may name the token that it begins with."""
        following = likeliest(logits)
        forced = self._model.generation_config.forced_bos_token_id
        if first and forced is not None:
            following = torch.full_like(following, forced)
        return following[:, None]

    # --- both ---

    def _encode_sources(self, sources: list[Row]) -> Iterator[tuple[list[Row], Encoded]]:
        """Yield batches of sources with what the encoder makes of them."""
        for batch in cut_batches([len(row) for row in sources], self._machine.batch_tokens):
            rows = [sources[i] for i in batch]
            tokens, mask = stack(rows, 0, self._machine.device), mask_of(rows, self._machine.device)
            self._tokens_fed += tokens.numel()
            output = self._model.get_encoder()(input_ids=tokens, attention_mask=mask)
            yield rows, Encoded(hidden=output.last_hidden_state, mask=mask)

    def _encode(self, text: str, *, special: bool = True) -> list[int]:
        chosen = {} if special else {"add_special_tokens": False}
        ids: list[int] = self._tokenizer(text, **chosen)["input_ids"]
        return ids
