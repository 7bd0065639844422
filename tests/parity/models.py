"""Random models of many architectures with tokenizers made of the texts at hand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

END, START = "</s>", "<s>"
POSITIONS = 1024
"""Shorter than 25 shots of ARC, so that prompts are cut."""
WINDOW = 64
SIZE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": POSITIONS,
}
LLAMA = {**SIZE, "num_key_value_heads": 2}
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {**LLAMA, "max_position_embeddings": 4096},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": POSITIONS},
    "gpt_neox": SIZE,
    "qwen2": LLAMA,
    "gemma2": {**LLAMA, "head_dim": 8, "sliding_window": WINDOW, "query_pre_attn_scalar": 8},
    "mistral": {**LLAMA, "sliding_window": WINDOW},
    "opt": {**SIZE, "ffn_dim": 64, "word_embed_proj_dim": 32},
    "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4},
    "t5": {
        "d_model": 32,
        "d_kv": 8,
        "d_ff": 64,
        "num_layers": 2,
        "num_heads": 4,
        "n_positions": POSITIONS,
    },
}
TEMPLATE = (
    "{% for m in messages %}{{ '<' + m.role + '>' + m.content | trim + eos_token + '\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)
"""A chat template in the usual manner."""
WITH_START = ("llama", "gemma2", "opt")
"""Families whose tokenizer sets a first token before every text, as their real ones do."""


def make_tokenizer(texts: Iterable[str], *, start: bool, end: bool = False) -> Any:
    """Return a byte-level BPE of 600 entries; `start`, `end`: what it sets around every text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=[END, START],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    if end:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"$A {END}", special_tokens=[(END, tokenizer.token_to_id(END))]
        )
    elif start:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{START} $A", special_tokens=[(START, tokenizer.token_to_id(START))]
        )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, bos_token=START if start else None
    )


def save_model(folder: Path, family: str, texts: Iterable[str]) -> Path:
    """Write a random model, its weights far enough from 0 that every place matters."""
    start = family in WITH_START
    tokenizer = make_tokenizer(texts, start=start, end=family == "t5")
    facts = {"bos_token_id": None, "eos_token_id": 0, "pad_token_id": None, **FAMILIES[family]}
    kind: Any = transformers.AutoModelForCausalLM
    if family == "t5":
        kind = transformers.AutoModelForSeq2SeqLM
        facts |= {"pad_token_id": 1, "decoder_start_token_id": 1}
    config = transformers.AutoConfig.for_model(family, vocab_size=len(tokenizer), **facts)
    torch.manual_seed(5)
    model = kind.from_config(config)
    for weights in model.parameters():
        weights.data.normal_(0, 0.2)
    model.save_pretrained(folder)
    tokenizer.chat_template = "{{ bos_token }}" * start + TEMPLATE
    tokenizer.save_pretrained(folder)
    return folder
