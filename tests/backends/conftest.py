"""Tiny random models of several architectures, made in code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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

ENCODER = {**SIZE, "max_position_embeddings": 64}
T5 = {
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 48,
    "num_layers": 2,
    "num_heads": 4,
    "initializer_factor": 1.0,
}
BART = {
    "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "init_std": 0.3,
    "max_position_embeddings": 160,
}  # fmt: skip
LABELS = ("no", "yes", "card lost")
OTHERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "t5": ("T5", "Seq2SeqLM", {**T5, "n_positions": 160, "decoder_start_token_id": 2}),
    "bart": (
        "Bart",
        "Seq2SeqLM",
        {
            **BART,
            "decoder_start_token_id": 0,
            "forced_bos_token_id": 1,
            "forced_eos_token_id": None,
        },
    ),
    "bert": ("Bert", "SequenceClassification", ENCODER),
    "roberta": ("Roberta", "SequenceClassification", ENCODER),
    "gpt2_head": (
        "GPT2",
        "SequenceClassification",
        {**ARCHITECTURES["gpt2"][1], "pad_token_id": None},
    ),
    "bert_masked": ("Bert", "MaskedLM", ENCODER),
    "roberta_masked": ("Roberta", "MaskedLM", ENCODER),
}
"""Name -> configuration, what stands on top, facts."""


def framed_tokenizer(template: str, pair: str) -> transformers.PreTrainedTokenizerFast:
    """A byte-level BPE with special tokens around a text: (end, start, filling, mask)."""
    special = [END, START, "<|pad|>", "<|mask|>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=special,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    ids = [(word, tokenizer.token_to_id(word)) for word in special]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=template, pair=pair, special_tokens=ids
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, bos_token=START, pad_token="<|pad|>",
        mask_token="<|mask|>", model_max_length=160,
    )  # fmt: skip


def save_other(folder: Path, name: str, **more: Any) -> Path:
    """Write a random model that is no causal language model, with its tokenizer."""
    architecture, top, facts = OTHERS[name]
    frame = f"$A {END}" if top == "Seq2SeqLM" else f"{START} $A {END}"
    tokenizer = framed_tokenizer(frame, f"{START} $A {END} $B:1 {END}:1")
    if top == "SequenceClassification":
        facts = {**facts, "id2label": dict(enumerate(LABELS)), "num_labels": len(LABELS)}
    config = getattr(transformers, f"{architecture}Config")(
        **{"vocab_size": len(tokenizer), "bos_token_id": 1, "eos_token_id": 0, "pad_token_id": 2,
           **facts, **more},
    )  # fmt: skip
    torch.manual_seed(3)
    model = getattr(transformers, f"AutoModelFor{top}").from_config(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


ONNX = ("onnx_torch", "onnx_sklearn", "onnx_keras")


def save_onnx(folder: Path, name: str, labels: Sequence[str] = LABELS) -> Path:
    """Write a classifier as an ONNX file, as one of three libraries exports it."""
    from backends import made_onnx

    if name == "onnx_sklearn":  # its labels are those of the texts that it was taught
        return made_onnx.save_sklearn(folder)
    save = made_onnx.save_torch if name == "onnx_torch" else made_onnx.save_keras
    return save(folder, labels)


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
            home = tmp_path_factory.mktemp(name)
            made[name] = (
                save_onnx(home, name)
                if name in ONNX
                else save_other(home, name)
                if name in OTHERS
                else save_model(home, name, start=name == "llama")
            )
        return made[name]

    return folder
