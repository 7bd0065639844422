"""PubMedQA: does an abstract answer its title's question with yes, no or maybe?

Paper: Jin et al. 2019, arXiv 1909.06146. The 500 expert-labelled test questions. Prompt as in
lm-evaluation-harness 0.4.13 `pubmedqa`, without shots as there; its `acc` is our accuracy.

Quirks: 55.2 % of the answers are yes and 11 % maybe, so the primary is macro-F1; the long answer
(the abstract's conclusion) stands in the file and is never shown.
"""

from __future__ import annotations

import json

from evaluator.core.records import Example, Examples
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, label_task

PINS = {pin.id: pin for pin in load_pins("pubmedqa")}
LABELS = ("yes", "no", "maybe")


def to_example(name: str, text: str) -> Example:
    """Return one question; `text` is its record as JSON."""
    record = json.loads(text)
    context = "\n".join(record["CONTEXTS"])
    return Example(
        id=name,
        question=f"Abstract: {context}\nQuestion: {record['QUESTION']}\nAnswer:",
        texts=(context, record["QUESTION"]),
        target=record["final_decision"],
        choices=LABELS,
        gold=(LABELS.index(record["final_decision"]),),
    )


def load(read: Read) -> Examples:
    """Return the questions that the list of the test's answers names, in its order."""
    records = {row["key"]: row["value"] for row in read(PINS["pubmedqa/pqal"])}
    names = [row["key"] for row in read(PINS["pubmedqa/test_ids"])]
    return Examples(test=tuple(to_example(name, records[name]) for name in names), labels=LABELS)


TASK = label_task(
    name="pubmedqa",
    title="PubMedQA",
    summary="Whether an abstract of medical research answers a question with yes, no or maybe.",
    languages=("en",),
    licence="MIT",
    open_licence=True,
    source="https://arxiv.org/abs/1909.06146",
    pins=tuple(PINS.values()),
    load=load,
    n_shots=0,
    notes="Always saying yes is right in 55.2 % of the items; its macro-F1 is 0.24.",
)
