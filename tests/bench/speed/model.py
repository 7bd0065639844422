"""The model of the benchmark: a random Llama with a tokenizer trained on the texts at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

VOCABULARY = 32_000
SIZES = {
    "42M": {"hidden_size": 384, "num_hidden_layers": 10, "intermediate_size": 1024},
    "10M": {"hidden_size": 128, "num_hidden_layers": 8, "intermediate_size": 384},
}
"""Parameters, the vocabulary's two matrices included -> shape."""


def make_model(folder: Path, size: str, texts: Callable[[], Sequence[str]]) -> Path:
    """Write the model of a size below `folder`, unless it stands there."""
    home = folder / size
    if (home / "model.safetensors").exists():
        return home
    tokenizer = _train_tokenizer(texts())
    config = transformers.LlamaConfig(
        vocab_size=VOCABULARY,
        num_attention_heads=8,
        num_key_value_heads=8,
        max_position_embeddings=4096,
        initializer_range=0.08,  # far from uniform, so that what is written does not hang on noise
        bos_token_id=0,
        eos_token_id=1,
        **SIZES[size],
    )
    torch.manual_seed(7)
    tokenizer.save_pretrained(home)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(home)
    return home


def _train_tokenizer(texts: Sequence[str]) -> transformers.PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 0)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>"
    )
