"""SST-2: is a sentence of a film review positive or negative?

Paper: Socher et al. 2013, doi 10.18653/v1/D13-1170. The 1,821 sentences of the test split, whose
labels the treebank publishes (GLUE hides them); four shots, the first two of each label of the
training file. Prompt and labels as in lm-evaluation-harness 0.4.13 `sst2`.

Quirks: lower case, tokens apart by spaces. No licence is stated: not for a default index.
"""

from __future__ import annotations

from evaluator.core.records import Example, Examples, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, interleave, label_task, labelled

PINS = {pin.id: pin for pin in load_pins("sst2")}
LABELS = ("negative", "positive")


def to_example(row: Row, name: str) -> Example:
    """Return one sentence; its label follows a tab."""
    sentence, label = row["text"].rsplit("\t", 1)
    return labelled(
        name=name,
        question=f"{sentence}\nQuestion: Is this sentence positive or negative?\nAnswer:",
        texts=(sentence,),
        labels=LABELS,
        gold=int(label),
    )


def load(read: Read) -> Examples:
    """Return the test sentences, and the first training sentences of both labels in turn."""
    train = [to_example(row, f"train{i}") for i, row in enumerate(read(PINS["sst2/train"]))]
    return Examples(
        test=tuple(to_example(row, str(i)) for i, row in enumerate(read(PINS["sst2/test"]))),
        shots=tuple(interleave([e for e in train if e.target == label][:2] for label in LABELS)),
        labels=LABELS,
    )


TASK = label_task(
    name="sst2",
    title="SST-2",
    summary="Whether a sentence of a film review is positive or negative.",
    languages=("en",),
    licence="unknown",
    open_licence=False,
    source="https://doi.org/10.18653/v1/D13-1170",
    pins=tuple(PINS.values()),
    load=load,
    n_shots=4,
    notes="No licence is stated, so it is in no default index.",
)
