"""Tiny random models of several architectures, made in code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

END = "<|end|>"
START = "<|start|>"
TEXTS = ("the cat sat on the mat", "Question: what? Answer: yes", "no yes maybe", "中文 北京")
SIZE = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 160,
    "initializer_range": 0.3,  # far from uniform, so that a wrong place shows
}
LLAMA = {**SIZE, "num_key_value_heads": 2}
ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("Llama", LLAMA),
    "gpt2": (
        "GPT2",
        {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 160, "initializer_range": 0.3},
    ),
    "gpt_neox": ("GPTNeoX", SIZE),
    "mistral_window": ("Mistral", {**LLAMA, "sliding_window": 40}),
    "gemma2": ("Gemma2", {**LLAMA, "head_dim": 8, "sliding_window": 32}),
}


def byte_tokenizer(*, start: bool) -> transformers.PreTrainedTokenizerFast:
    """A byte-level BPE with a few merges; with a first token before every text if asked."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=[END, START],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    if start:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{START} $A", special_tokens=[(START, tokenizer.token_to_id(START))]
        )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, bos_token=START if start else None
    )


def save_model(folder: Path, name: str, *, start: bool = False, **more: Any) -> Path:
    """Write a random model of an architecture with its tokenizer."""
    architecture, facts = ARCHITECTURES[name]
    tokenizer = byte_tokenizer(start=start)
    config = getattr(transformers, f"{architecture}Config")(
        vocab_size=len(tokenizer), bos_token_id=None, eos_token_id=0, pad_token_id=None,
        **{**facts, **more},
    )  # fmt: skip
    torch.manual_seed(3)
    model = transformers.AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny models only wait for a second thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the folder of a model by the name of its architecture, made once.

    llama has a first token before every text, the others have none.
    """
    transformers.utils.logging.disable_progress_bar()
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            made[name] = save_model(tmp_path_factory.mktemp(name), name, start=name == "llama")
        return made[name]

    return folder
