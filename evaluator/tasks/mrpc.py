"""MRPC: do two sentences of news say the same?

Paper: Dolan and Brockett 2005, aclanthology.org/I05-5002. 1,725 test pairs; four shots, the first
two of each label of the training file. Prompt and labels as in lm-evaluation-harness 0.4.13 `mrpc`.

Quirks: 66.5 % of the pairs match. Tab-separated without quoting: bare quotation marks stand in the
sentences. Microsoft's licence is for non-commercial use: not for a default index.
"""

from __future__ import annotations

from itertools import islice

from evaluator.core.records import Example, Examples, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, interleave, labelled, pair_task

PINS = {pin.id: pin for pin in load_pins("mrpc")}
LABELS = ("no", "yes")


def to_example(row: Row, name: str) -> Example:
    """Return one pair: label, two ids and two sentences stand between tabs."""
    label, _, _, first, second = row["text"].split("\t")
    return labelled(
        name=name,
        question=f"Sentence 1: {first}\nSentence 2: {second}\n"
        "Question: Do both sentences mean the same thing?\nAnswer:",
        texts=(first, second),
        labels=LABELS,
        gold=int(label),
    )


def load(read: Read) -> Examples:
    """Return the test pairs, and the first training pairs of both labels in turn."""
    splits = {
        split: [
            to_example(row, f"{prefix}{i}")
            for i, row in enumerate(islice(read(PINS[f"mrpc/{split}"]), 1, None))
        ]
        for split, prefix in (("test", ""), ("train", "train"))
    }
    sides = ([e for e in splits["train"] if e.target == label][:2] for label in LABELS)
    return Examples(test=tuple(splits["test"]), shots=tuple(interleave(sides)), labels=LABELS)


TASK = pair_task(
    name="mrpc",
    title="MRPC",
    summary="Whether two sentences of news say the same.",
    languages=("en",),
    licence="MSR-SSLA",
    open_licence=False,
    source="https://aclanthology.org/I05-5002",
    pins=tuple(PINS.values()),
    load=load,
    n_shots=4,
    notes="The licence is for non-commercial use, so it is in no default index.",
)
