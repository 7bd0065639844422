"""E2E: a sentence about a restaurant from a list of its features.

Paper: Novikova, Dušek and Rieser 2017, arXiv 1706.09254. The 630 lists of the test file, each with
all the sentences that people wrote for it as references. Three shots, the first three different
lists of the development file. Our own prompt. The paper's own metrics come from a script of its
authors; of ours, ROUGE-L and BLEU are the closest.
"""

from __future__ import annotations

from evaluator.core.records import Example, Examples
from evaluator.metrics.corpus import bleu, chrf
from evaluator.metrics.generation import rouge_l
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, text_task

PINS = {pin.id: pin for pin in load_pins("e2e_nlg")}
SHOTS = 3


def to_example(features: str, texts: tuple[str, ...], name: str) -> Example:
    """Return one list of features with its references."""
    return Example(
        id=name,
        question=f"Features: {features}\nSentence:",
        target=texts[0],
        answers=texts,
    )


def read_examples(read: Read, pin: str, prefix: str) -> list[Example]:
    """Return an item for each different list of a file, in the order they first appear."""
    texts: dict[str, list[str]] = {}
    for row in read(PINS[pin]):
        texts.setdefault(row["mr"], []).append(" ".join(row["ref"].split()))
    return [
        to_example(mr, tuple(refs), f"{prefix}{i}") for i, (mr, refs) in enumerate(texts.items())
    ]


def load(read: Read) -> Examples:
    """Return the lists of the test file, and the first ones of the development file."""
    return Examples(
        test=tuple(read_examples(read, "e2e_nlg/test", "")),
        shots=tuple(read_examples(read, "e2e_nlg/dev", "dev")[:SHOTS]),
    )


TASK = text_task(
    name="e2e_nlg",
    title="E2E NLG",
    summary="A sentence about a restaurant, written from a list of its features.",
    languages=("en",),
    licence="CC-BY-SA-4.0",
    open_licence=True,
    source="https://arxiv.org/abs/1706.09254",
    pins=tuple(PINS.values()),
    load=load,
    n_shots=SHOTS,
    metrics=(rouge_l, bleu, chrf),
    primary=rouge_l,
    max_tokens=96,
    notes="An item has 7 references on average, and the closest one counts.",
)
