"""Random models of many architectures, and the plain way of running them."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from evaluator.backends.ending import Ending, Written
from evaluator.backends.runner import Runner
from evaluator.backends.sharing import Sharing, choose_sharing
from evaluator.backends.trie import Row

VOCABULARY = 200
WINDOW = 16
"""Shorter than every prompt here, so that a place counted wrongly shows."""
SIZE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "max_position_embeddings": 256,
}
LLAMA = {**SIZE, "num_key_value_heads": 2}
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": LLAMA,
    "qwen2": LLAMA,
    "mistral": {**LLAMA, "sliding_window": WINDOW},
    "gemma2": {**LLAMA, "head_dim": 8, "sliding_window": WINDOW, "query_pre_attn_scalar": 8},
    "gpt2": {"n_embd": 32, "n_layer": 4, "n_head": 4, "n_positions": 256},
    "gpt_neox": SIZE,
    "opt": {**SIZE, "ffn_dim": 64, "word_embed_proj_dim": 32},
    "bloom": {"hidden_size": 32, "n_layer": 4, "n_head": 4},
    "gpt_neo": {
        "hidden_size": 32,
        "num_layers": 4,
        "num_heads": 4,
        "max_position_embeddings": 256,
        "attention_types": [[["global", "local"], 2]],
        "window_size": WINDOW,
    },
    "mixtral": {**LLAMA, "num_local_experts": 4},
    "mpt": {"d_model": 32, "n_layers": 4, "n_heads": 4, "max_seq_len": 256},
}
TREES = tuple(family for family in FAMILIES if family not in ("bloom", "gpt_neo", "mpt"))
"""Families that take several continuations in one row; the others have a bias or a window of their
own, and go by levels."""
_rng = random.Random(3)
SHOTS = tuple(_rng.randrange(VOCABULARY) for _ in range(40))
"""What the layout `shots` begins with."""


@cache
def model_of(family: str) -> Any:
    """A random model, its weights far enough from 0 that every place matters."""
    config = AutoConfig.for_model(
        family, vocab_size=VOCABULARY, bos_token_id=0, eos_token_id=0, **FAMILIES[family]
    )
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).float().eval()
    for weights in model.parameters():
        weights.data.normal_(0, 0.2)
    return model


def plain(model: Any, ids: tuple[int, ...]) -> torch.Tensor:
    """(L, V) log-probabilities of one sequence, alone and without a cache."""
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
    return logits.float().log_softmax(-1)


def way(path: str) -> Sharing:
    return Sharing(path=path, gap=0.0, longest=0)


@cache
def chosen(family: str) -> Sharing:
    with torch.inference_mode():
        return choose_sharing(Runner(model_of(family), "cpu", 16_384))


class Numbers:
    """A tokenizer whose text is the ids, two letters each: 7 is 'ah'."""

    def decode(self, ids: list[int], **more: Any) -> str:
        return "".join(chr(97 + i // 26) + chr(97 + i % 26) for i in ids)


def ending(stop: tuple[str, ...] = (), end_ids: tuple[int, ...] = (), most: int = 12) -> Ending:
    return Ending(stop=stop, end_ids=frozenset(end_ids), max_tokens=most, tokenizer=Numbers())


def alone(model: Any, prompt: Row, end: Ending) -> Written:
    """What a model writes after a prompt, one plain pass a token."""
    ids, written = list(prompt), []
    with torch.inference_mode():
        while True:
            logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
            written.append(int(logits.argmax()))
            ids.append(written[-1])
            text = end.tokenizer.decode(written[:-1] if written[-1] in end.end_ids else written)
            cut = min([text, *(text.split(stop)[0] for stop in end.stop)], key=len)
            if written[-1] in end.end_ids or cut != text:
                return Written(text=cut, finish="stop", tokens=len(written))
            if len(written) == end.max_tokens:
                return Written(text=cut, finish="length", tokens=len(written))
