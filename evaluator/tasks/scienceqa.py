"""ScienceQA: school science with options, the questions that need no picture.

Paper: Lu et al. 2022, arXiv 2209.09513. The questions of the test split without an image; two to
five options, shown with letters. Our own prompt, without shots; lecture and solution stay hidden.
Each subject is a group.

Licence CC BY-NC-SA 4.0: not for a default index. The file's bytes have not been seen here: its pin
names the git blob alone.
"""

from __future__ import annotations

import json

from evaluator.core.records import Example, Examples
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, choice_task, lettered

PINS = load_pins("scienceqa")


def to_example(name: str, text: str) -> Example:
    """Return one question; `text` is its record as JSON."""
    record = json.loads(text)
    hint = f"Context: {record['hint']}\n" if record["hint"] else ""
    return lettered(
        name=name,
        question=f"{hint}Question: {record['question']}",
        options=record["choices"],
        gold=record["answer"],
        group=record["subject"],
    )


def load(read: Read) -> Examples:
    """Return the test questions without a picture."""
    rows = ((row["key"], row["value"]) for row in read(PINS[0]))
    records = ((name, text, json.loads(text)) for name, text in rows)
    return Examples(
        test=tuple(
            to_example(name, text)
            for name, text, record in records
            if record["split"] == "test" and not record["image"]
        )
    )


TASK = choice_task(
    name="scienceqa",
    title="ScienceQA (text)",
    summary="School science, language and social studies with options, without pictures.",
    languages=("en",),
    licence="CC-BY-NC-SA-4.0",
    open_licence=False,
    source="https://arxiv.org/abs/2209.09513",
    pins=PINS,
    load=load,
    n_shots=0,
    notes="The licence forbids commercial use, so it is in no default index. Never run on the real "
    "file here.",
)
