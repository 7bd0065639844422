"""Train the three starter models: tiny transformers that the demo and the tests measure.

    python -m evaluator.measure.train_starter [small|medium|large ...]

Deterministic on one machine: seeded weights, seeded text, one thread. Trained on the starter
suite's training seed only; test questions and the shots shown with them are left out. Answers weigh
ten times as much as the text around them: answering is what a model of this size can learn in
minutes, but without the text it never finds out which words belong together.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM

from evaluator.core.records import Example
from evaluator.tasks import starter

HOME = Path(__file__).parents[2] / "submissions" / "starter"
VOCABULARY = 768
END = "<|end|>"
PROMPT_WEIGHT = 0.1
"""Loss of a token of the question, where one of the answer has 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Size and training of one starter model."""

    width: int
    """Hidden size."""
    layers: int
    """Transformer blocks."""
    inner: int
    """Size of the feed-forward layer."""
    steps: int
    """Optimiser steps of 64 sequences."""


RECIPES = {
    "small": Recipe(width=32, layers=2, inner=80, steps=300),
    "medium": Recipe(width=64, layers=3, inner=160, steps=500),
    "large": Recipe(width=96, layers=4, inner=224, steps=2600),
}


def training_examples() -> Iterator[tuple[str, Example]]:
    """Yield (task, example) without end; nothing that the test shows is among them."""
    shown = set()
    for task in starter.MAKERS:
        kept = starter.examples_of(task)
        shown |= {example.question for example in (*kept.test, *kept.shots)}
    rng = random.Random("starter-train-1")
    makers = list(starter.MAKERS.items())
    while True:
        task, maker = rng.choice(makers)
        example = maker(rng, "")
        if example.question not in shown:
            yield task, example


def train_tokenizer() -> Tokenizer:
    """Train a byte-level BPE on sentences of the training seed."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    texts = (
        f"{e.question} {e.target}\n\n" for _, e in itertools.islice(training_examples(), 20_000)
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def training_batches(
    tokenizer: Tokenizer, size: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield (tokens, weights) of shape (size, length); weights are those of each token's loss.

    A sequence is one to four worked examples of one task, as a prompt with shots shows them.
    """
    by_task: dict[str, list[Example]] = {task: [] for task in starter.MAKERS}
    rng = random.Random("starter-train-2")
    rows: list[tuple[list[int], list[float]]] = []
    for task, example in training_examples():
        by_task[task].append(example)
        if len(by_task[task]) < rng.randrange(1, 5):
            continue
        tokens: list[int] = []
        weights: list[float] = []
        for worked in by_task[task]:
            asked = tokenizer.encode(worked.question).ids
            answer = tokenizer.encode(f" {worked.target}\n\n").ids
            tokens += asked + answer
            weights += [PROMPT_WEIGHT] * len(asked) + [1.0] * len(answer)
        by_task[task] = []
        rows.append((tokens, weights))
        if len(rows) == size:
            length = max(len(tokens) for tokens, _ in rows)
            yield (
                torch.tensor([t + [0] * (length - len(t)) for t, _ in rows]),
                torch.tensor([w + [0.0] * (length - len(w)) for _, w in rows]),
            )
            rows = []


def train(recipe: Recipe, tokenizer: Tokenizer) -> LlamaForCausalLM:
    """Train one model; the loss is printed every 100 steps."""
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=recipe.width,
        intermediate_size=recipe.inner,
        num_hidden_layers=recipe.layers,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=8192,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=0,
        pad_token_id=None,
    )
    model = LlamaForCausalLM(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=3e-3, total_steps=recipe.steps, pct_start=0.05
    )
    for step, (tokens, weights) in enumerate(training_batches(tokenizer, 64), 1):
        logits = model(input_ids=tokens).logits[:, :-1]
        losses = cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
        loss = (losses * weights[:, 1:].flatten()).sum() / weights[:, 1:].sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            sys.stderr.write(f"step {step}: loss {loss.item():.4f}\n")
        if step == recipe.steps:
            return model
    raise AssertionError("the training text has no end")


def save(model: LlamaForCausalLM, tokenizer: Tokenizer, folder: Path) -> None:
    """Write weights, configuration and tokenizer in Hugging Face layout."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    facts = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "model_max_length": 8192,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(
        json.dumps(facts, indent=1, sort_keys=True) + "\n"
    )


def main() -> None:
    """Train the models named on the command line, or all."""
    torch.set_num_threads(1)
    tokenizer = train_tokenizer()
    for name in sys.argv[1:] or RECIPES:
        model = train(RECIPES[name], tokenizer)
        sys.stderr.write(f"{name}: {model.num_parameters():,} parameters\n")
        save(model, tokenizer, HOME / name / "weights")


if __name__ == "__main__":
    main()
