"""Decoder language models through transformers: log-likelihoods and greedy generation.

Text becomes token ids here; `scoring` and `writing` do the rest on ids. Log-softmax is taken in
fp32 over scored rows alone. Weights come from safetensors; code that a model brings is never run.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
import transformers
from transformers import AutoModelForCausalLM

from evaluator.backends.adapter import add_adapter
from evaluator.backends.base import DeviceChoice
from evaluator.backends.ending import Ending
from evaluator.backends.loading import load_model, longest_input
from evaluator.backends.rounding import rounds, score_rounded
from evaluator.backends.runner import Runner
from evaluator.backends.scoring import score_pairs
from evaluator.backends.sharing import choose_sharing
from evaluator.backends.template import NONE, read_template
from evaluator.backends.tokens import cut_left, encode_pair
from evaluator.backends.trie import Pair, Row
from evaluator.backends.writing import write_alone, write_greedily
from evaluator.core.errors import ModelError
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
        config, self._tokenizer, model = load_model(folder, AutoModelForCausalLM, dtype)
        if adapter:
            model = add_adapter(model, adapter)
        self._runner = Runner(model, machine.device, machine.batch_tokens)
        self._longest = longest_input(config, self._tokenizer)
        self.template = read_template(folder, chat_template, self._tokenizer)
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
        """Return versions, device and threads."""
        cuda = self._runner.device == "cuda"
        return {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "device": torch.cuda.get_device_name() if cuda else platform.machine(),
            "threads": str(torch.get_num_threads()),
            "sharing": f"{self._sharing.path}, within {self._sharing.gap:.1e} nat",
            "batch_tokens": str(self._runner.batch_tokens),
        }

    @torch.inference_mode()
    def answer(self, requests: Sequence[Request]) -> list[Response]:
        """Answer requests of one kind in order; see `Backend.answer`."""
        if not requests:
            return []
        answer = self._write if requests[0].generate else self._score
        framed = self.template.frame(requests) if self.template else requests
        return self._runner.within_memory(lambda: answer(framed))

    def _score(self, requests: Sequence[Request]) -> list[Response]:
        pairs, dropped = [], []
        for ctx, cont in self._encode_pairs(requests):
            # the last token is never fed, so one more fits than the model takes
            ids, lost = cut_left(ctx + cont, self._longest + 1)
            pairs.append(Pair(tuple(ids[: len(ids) - len(cont)]), tuple(cont)))
            dropped.append(lost)
        if rounds(self._runner.model.dtype, requests[0].protocol):
            found = score_rounded(self._runner, pairs)
        else:
            found = score_pairs(self._runner, self._sharing, pairs, self._beginning(requests))
        self._asked += sum(len(pair.stem) + len(pair.cont) - 1 for pair in pairs)
        return [
            Response(
                item=request.item,
                index=request.index,
                logprob=found[pair][0],
                greedy=found[pair][1],
                text="",
                finish="scored",
                tokens=len(pair.cont),
                dropped=lost,
            )
            for request, pair, lost in zip(requests, pairs, dropped, strict=True)
        ]

    def _write(self, requests: Sequence[Request]) -> list[Response]:
        most = requests[0].max_tokens
        if self._longest <= most:
            raise ModelError(
                f"{most} tokens are to be written, but the model takes {self._longest}"
            )
        texts = [request.prompt.text() for request in requests]
        prompts = [cut_left(ids, self._longest - most) for ids in self._encode(texts)]
        if not all(ids for ids, _ in prompts):
            raise ModelError("an empty prompt: there is nothing to write after")
        ending = Ending(
            stop=requests[0].stop,
            end_ids=self._end_ids(),
            max_tokens=most,
            tokenizer=self._tokenizer,
        )
        rows = [tuple(ids) for ids, _ in prompts]
        if rounds(self._runner.model.dtype, requests[0].protocol):
            written = write_alone(self._runner, rows, ending)
        else:
            begun = self._beginning(requests)
            written = write_greedily(self._runner, self._sharing, rows, ending, begun)
        asked = zip(rows, written, strict=True)
        self._asked += sum(len(row) + text.tokens - 1 for row, text in asked)
        return [
            Response(
                item=request.item,
                index=request.index,
                logprob=0.0,
                greedy=True,
                text=answer.text,
                finish=answer.finish,
                tokens=answer.tokens,
                dropped=lost,
            )
            for request, answer, (_, lost) in zip(requests, written, prompts, strict=True)
        ]

    def _beginning(self, requests: Sequence[Request]) -> Row:
        """Return what the first prompt begins with before its question: description and shots."""
        (ids,) = self._encode([replace(requests[0].prompt, question="").text()])
        return tuple(ids)

    def _end_ids(self) -> frozenset[int]:
        named = self._runner.model.generation_config.eos_token_id
        ids = named if isinstance(named, list) else [named]
        return frozenset(i for i in (*ids, self._tokenizer.eos_token_id) if i is not None)

    def _encode_pairs(self, requests: Sequence[Request]) -> list[tuple[list[int], list[int]]]:
        """Encode (context, continuation) pairs; each distinct text is tokenised once."""
        contexts = {id(r.prompt): r.prompt.text() for r in requests}
        wholes: dict[str, None] = {}
        plain: dict[str, None] = {}
        for request in requests:
            context = contexts[id(request.prompt)]
            (wholes if context else plain)[context + request.continuation] = None
            wholes[context.rstrip()] = None
        encoded = dict(zip(wholes, self._encode(list(wholes)), strict=True))
        bare = dict(zip(plain, self._encode(list(plain), special=False), strict=True))

        def encode(text: str, special: bool) -> list[int]:
            return encoded[text] if special else bare[text]

        prefix = self._tokenizer.bos_token_id
        prefix = self._tokenizer.eos_token_id if prefix is None else prefix
        pairs = []
        for request in requests:
            context = contexts[id(request.prompt)]
            if not context and prefix is None:
                raise ModelError("the tokenizer has neither a first nor a last token: an empty "
                                 "prompt cannot be scored")  # fmt: skip
            ctx, cont = encode_pair(encode, context, request.continuation, prefix or 0)
            if not ctx or not cont or len(cont) > self._longest:
                raise ModelError(
                    f"item {request.item}: {len(ctx)} prompt and {len(cont)} answer tokens; both "
                    f"must be at least 1 and the answer at most {self._longest}"
                )
            pairs.append((ctx, cont))
        return pairs

    def _encode(self, texts: list[str], *, special: bool = True) -> list[list[int]]:
        """Tokenise texts; a text that already begins with the first token gets no second one."""
        if not texts:
            return []
        first = self._tokenizer.bos_token
        if special and first and any(text.startswith(first) for text in texts):
            return [self._encode_one(t, not t.startswith(first)) for t in texts]
        # the default, not True: some tokenizers decide for themselves what they add
        chosen = {} if special else {"add_special_tokens": False}
        ids: list[list[int]] = self._tokenizer(texts, return_attention_mask=False, **chosen)[
            "input_ids"
        ]
        return ids

    def _encode_one(self, text: str, special: bool) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=special)["input_ids"]
        return ids
