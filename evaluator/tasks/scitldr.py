"""SciTLDR: one sentence that tells what a paper does, from its abstract.

Paper: Cachola et al. 2020, arXiv 2004.15011, the variant that shows the abstract alone. 618 test
papers, each with two to four summaries by authors and reviewers; one shot, the first paper of the
development file. Our own prompt. As in the paper, the closest summary counts; its ROUGE uses a
stemmer, ours does not.
"""

from __future__ import annotations

import json

from evaluator.core.records import Example, Examples, Row
from evaluator.metrics.generation import rouge_1, rouge_2, rouge_l
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, text_task

PINS = {pin.id: pin for pin in load_pins("scitldr")}


def to_example(row: Row, name: str) -> Example:
    """Return one abstract with its summaries."""
    abstract = " ".join(" ".join(json.loads(row["source"])).split())
    texts = tuple(" ".join(text.split()) for text in json.loads(row["target"]))
    return Example(
        id=name, question=f"Abstract: {abstract}\nTL;DR:", target=texts[0], answers=texts
    )


def load(read: Read) -> Examples:
    """Return the test papers, and the first paper of the development file."""
    shown = next(iter(read(PINS["scitldr/dev"])))
    return Examples(
        test=tuple(to_example(row, str(i)) for i, row in enumerate(read(PINS["scitldr/test"]))),
        shots=(to_example(shown, "dev0"),),
    )


TASK = text_task(
    name="scitldr",
    title="SciTLDR",
    summary="One sentence that tells what a scientific paper does, from its abstract.",
    languages=("en",),
    licence="Apache-2.0",
    open_licence=True,
    source="https://arxiv.org/abs/2004.15011",
    pins=tuple(PINS.values()),
    load=load,
    n_shots=1,
    metrics=(rouge_l, rouge_1, rouge_2),
    primary=rouge_l,
    max_tokens=96,
    notes="The closest of two to four summaries counts.",
)
