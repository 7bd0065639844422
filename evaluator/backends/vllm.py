"""Decoder language models through vLLM, for models that are too large or too slow otherwise.

What is asked is what `causal` asks: the same tokens, greedy writing, log-softmax in fp32. Two ways
lead to a continuation's log-likelihood, and its own lengths alone decide which is taken:

| a continuation | how it is scored |
|---|---|
| short beside its context | walked: one request a token, whose context is in the prefix cache |
| long | whole: one request for all; vLLM then computes the context anew each time |

vLLM's own kernels compute, so numbers differ from those of `causal` by rounding: about 1e-6 nat in
fp32, and in bfloat16 as much as bfloat16 is coarse. So the engine is part of a measurement's key.
"""

from __future__ import annotations

import importlib
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, GenerationConfig

from evaluator.backends import respond
from evaluator.backends.base import DeviceChoice
from evaluator.backends.encoder import Encoder
from evaluator.backends.ending import Ending, Written
from evaluator.backends.loading import environment_of, load_frame, told
from evaluator.backends.numbers import CHECK
from evaluator.backends.rounding import rounds
from evaluator.backends.sharing import longest_shared
from evaluator.backends.template import NONE
from evaluator.backends.tokens import Scored, add_up
from evaluator.backends.trie import Pair, Row
from evaluator.core.errors import ModelError
from evaluator.core.records import Request, Response

BLOCK = 16
"""Tokens that vLLM's prefix cache holds or lacks as one: what a step of a walk costs at most."""
MOST_IDS = 128
"""Most tokens whose log-probabilities one request may ask for."""
SETTINGS = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # in this process, in the same order each time
    "VLLM_ALLOW_LONG_MAX_MODEL_LEN": "1",  # one more than the model takes: the last is never fed
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_PLUGINS": "",  # no code but vLLM's own
}
"""Variables that vLLM reads when it is imported."""
ON_PROCESSOR = {"enforce_eager": True, "gpu_memory_utilization": 0.2}
"""Arguments of an engine without a GPU: nothing is compiled, and memory is left for others."""


class VllmBackend:
    """A causal language model in an engine of vLLM."""

    method = "loglikelihood"

    def __init__(
        self, folder: Path, *, dtype: str, machine: DeviceChoice, chat_template: str = NONE
    ) -> None:
        """Start an engine with the model of a folder in Hugging Face layout.

        Args:
            folder: holds the files.
            dtype: float32, bfloat16 or float16.
            machine: where it runs, and on how many GPUs; vLLM finds batches that fit by itself.
            chat_template: whether and how prompts go through the model's own template (`template`).

        Raises:
            ModelError: as `load_model`; no vLLM here; positions that it computes in another way; an
                architecture that it does not know, or no room for it.
        """
        self._vllm = _library()
        config, tokenizer = load_frame(folder)
        if getattr(config, "quantization_config", None):
            raise ModelError(
                f"{folder}: vLLM computes quantised weights in kernels of its own, whose numbers "
                "are others: leave out `engine`"
            )
        if longest_shared(config):
            raise ModelError(
                f"{folder}: its positions depend on the length of each text, and vLLM chooses once "
                "for all: leave out `engine`"
            )
        self.encoder = Encoder(
            folder, chat_template, tokenizer, config, _generation(folder, config)
        )
        with torch.device("meta"):
            self.parameters = int(AutoModelForCausalLM.from_config(config).num_parameters())
        self.tokens_fed = 0
        self._asked = 0
        self._dtype = dtype
        self._machine = machine
        arguments = _arguments(folder, dtype, machine, self.encoder.longest)
        with told(folder, "vLLM"):
            self._engine = self._vllm.LLM(**arguments)

    @property
    def tokens_saved(self) -> int:
        """Tokens that one pass a request would have fed besides, each without any sharing."""
        return max(0, self._asked - self.tokens_fed)

    def environment(self) -> dict[str, str]:
        """Return versions, device, threads and GPUs."""
        return {
            **environment_of(self._machine.device),
            "vllm": self._vllm.__version__,
            "gpus": str(self._machine.gpus if self._machine.device == "cuda" else 0),
        }

    def answer(self, requests: Sequence[Request]) -> list[Response]:
        """Answer requests of one kind in order; see `Backend.answer`."""
        if not requests:
            return []
        if rounds(getattr(torch, self._dtype), requests[0].protocol):
            raise ModelError("protocol lm-eval rounds as that harness does with transformers: "
                             "leave out `engine`, or measure in float32")  # fmt: skip
        framed = self.encoder.frame(requests)
        return self._write(framed) if requests[0].generate else self._score(framed)

    # --- log-likelihood ---

    def _score(self, requests: Sequence[Request]) -> list[Response]:
        asked = self.encoder.pairs(requests)
        distinct = list(dict.fromkeys(pair for pair, _ in asked))
        walked = [pair for pair in distinct if self._is_walked(pair)]
        whole = [pair for pair in distinct if not self._is_walked(pair)]
        found = self._walk(walked) | self._read(whole)
        self._asked += sum(len(pair.stem) + len(pair.cont) - 1 for pair, _ in asked)
        return [
            respond.scored(request, found[pair], len(pair.cont), lost)
            for request, (pair, lost) in zip(requests, asked, strict=True)
        ]

    def _is_walked(self, pair: Pair) -> bool:
        """Tell whether a block a token is less than the context; also what fits no other way."""
        length = len(pair.stem) + len(pair.cont)
        return BLOCK * len(pair.cont) <= len(pair.stem) or length > self.encoder.longest

    def _walk(self, pairs: Sequence[Pair]) -> dict[Pair, Scored]:
        """Score pairs token by token; what several have in common is asked once."""
        following: dict[Row, set[int]] = {}
        for pair in pairs:
            for at, token in enumerate(pair.cont):
                following.setdefault(pair.stem + pair.cont[:at], set()).add(token)
        # sorted, what begins alike stands together and a beginning comes first
        asked = [(row, ids) for row in sorted(following) for ids in _cut(sorted(following[row]))]
        kinds = [self._ask(1, logprob_token_ids=ids, detokenize=False) for _, ids in asked]
        scores: dict[tuple[Row, int], Scored] = {}
        for (row, ids), output in zip(asked, self._run([r for r, _ in asked], kinds), strict=True):
            said = output.outputs[0]
            for token in ids:
                scores[row, token] = said.logprobs[0][token].logprob, token == said.token_ids[0]
        return {
            pair: add_up([scores[pair.stem + pair.cont[:at], t] for at, t in enumerate(pair.cont)])
            for pair in pairs
        }

    def _read(self, pairs: Sequence[Pair]) -> dict[Pair, Scored]:
        """Score pairs as the ends of prompts."""
        kind = self._ask(1, prompt_logprobs=1, detokenize=False)
        rows = [pair.stem + pair.cont for pair in pairs]
        found: dict[Pair, Scored] = {}
        for pair, output in zip(pairs, self._run(rows, [kind] * len(rows)), strict=True):
            places = output.prompt_logprobs[len(pair.stem) :]
            tokens = [place[token] for place, token in zip(places, pair.cont, strict=True)]
            found[pair] = add_up([(token.logprob, token.rank == 1) for token in tokens])
        return found

    # --- writing ---

    def _write(self, requests: Sequence[Request]) -> list[Response]:
        prompts, ending = self.encoder.prompts(requests), self.encoder.ending(requests)
        rows = sorted({row for row, _ in prompts})
        kind = self._ask(
            ending.max_tokens,
            stop=list(ending.stop),
            stop_token_ids=sorted(ending.end_ids),
            logprobs=0,
        )
        outputs = self._run(rows, [kind] * len(rows))
        texts = {row: _close(ending, out) for row, out in zip(rows, outputs, strict=True)}
        self._asked += sum(len(row) + texts[row].tokens - 1 for row, _ in prompts)
        return [
            respond.written(request, texts[row], lost)
            for request, (row, lost) in zip(requests, prompts, strict=True)
        ]

    # --- both ---

    def _ask(self, max_tokens: int, **more: Any) -> Any:
        return self._vllm.SamplingParams(temperature=0, max_tokens=max_tokens, **more)

    def _run(self, rows: Sequence[Row], kinds: Sequence[Any]) -> list[Any]:
        """Return vLLM's outputs for rows of ids, in order."""
        if not rows:
            return []
        prompts = [{"prompt_token_ids": list(row)} for row in rows]
        outputs: list[Any] = self._engine.generate(prompts, list(kinds), use_tqdm=False)
        for row, output in zip(rows, outputs, strict=True):
            written = len(output.outputs[0].token_ids)  # the last is never fed
            self.tokens_fed += len(row) - (output.num_cached_tokens or 0) + written - 1
        return outputs


def _library() -> Any:
    """Return vLLM, imported only now and with our settings."""
    os.environ.update(SETTINGS)
    try:
        return importlib.import_module("vllm")
    except ModuleNotFoundError as error:
        raise ModelError(
            f"{error.name} is missing: pip install -e '.[vllm]', in an environment of its own"
        ) from None


def _arguments(folder: Path, dtype: str, machine: DeviceChoice, longest: int) -> dict[str, Any]:
    """Return how an engine is started."""
    return {
        "model": str(folder),
        "dtype": dtype,
        "load_format": "safetensors",
        "trust_remote_code": False,
        "generation_config": "vllm",  # of the checkpoint's own, only the tokens that end a text
        "max_model_len": longest + 1,
        "tensor_parallel_size": machine.gpus,
        "enable_prefix_caching": True,
        "disable_log_stats": True,
        "seed": 0,
        **({} if machine.device == "cuda" else ON_PROCESSOR),
    }


def _generation(folder: Path, config: Any) -> Any:
    if (folder / "generation_config.json").is_file():
        with told(folder, "transformers"):
            return GenerationConfig.from_pretrained(folder, local_files_only=True)
    return GenerationConfig.from_model_config(config)


def _cut(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), MOST_IDS):
        yield ids[start : start + MOST_IDS]


def _close(ending: Ending, output: Any) -> Written:
    """Return the text that vLLM has written.

    Raises:
        ModelError: logits that are no numbers.
    """
    said = output.outputs[0]
    tokens = list(said.token_ids)
    if not all(math.isfinite(at[t].logprob) for at, t in zip(said.logprobs, tokens, strict=True)):
        raise ModelError(f"the model gives logits that are no numbers: {CHECK}")
    return ending.close(tokens)
