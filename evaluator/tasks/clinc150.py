"""CLINC150: which of 150 intents a message to an assistant has, or none of them.

Paper: Larson et al. 2019, doi 10.18653/v1/D19-1131. 4,500 test messages of 150 intents in ten
domains (the groups) and 1,000 that have none; so 151 labels, of which the last is "out of scope".
Five shots, the first training message of four intents spread over the list and one out of scope.
Our own prompt. `out_of_scope_recall` tells how many of the 1,000 were noticed.

The other task of these messages is `clinc150_pairs`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from evaluator.core.records import Example, Examples
from evaluator.metrics.classification import (
    OUT_OF_SCOPE,
    accuracy,
    macro_f1,
    macro_precision,
    macro_recall,
    mcc,
    out_of_scope_recall,
)
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, first_of_each, label_task, labelled

PINS = {pin.id: pin for pin in load_pins("clinc150")}
SHOT_STEP = 38
"""Every 38th of the 150 intents is shown: four shots, and one out of scope."""


def read_messages(read: Read) -> dict[str, list[tuple[str, str]]]:
    """Return split -> (message, intent with spaces) of the file; "out of scope" for `oos`."""
    return {
        row["key"]: [
            (text, OUT_OF_SCOPE if intent == "oos" else intent.replace("_", " "))
            for text, intent in json.loads(row["value"])
        ]
        for row in read(PINS["clinc150/small"])
    }


def read_domains(read: Read) -> dict[str, str]:
    """Return intent with spaces -> its domain, in the order of the file."""
    return {
        intent.replace("_", " "): row["key"].replace("_", " ")
        for row in read(PINS["clinc150/domains"])
        for intent in json.loads(row["value"])
    }


def to_example(text: str, intent: str, name: str, domains: Mapping[str, str]) -> Example:
    """Return one message."""
    labels = (*domains, OUT_OF_SCOPE)
    return labelled(
        name=name,
        question=f"Message: {text}\nIntent:",
        texts=(text,),
        labels=labels,
        gold=labels.index(intent),
        group=domains.get(intent, OUT_OF_SCOPE),
    )


def load(read: Read) -> Examples:
    """Return the test messages, those out of scope last, and five training messages."""
    messages, domains = read_messages(read), read_domains(read)

    def made(splits: tuple[str, ...], name: str) -> tuple[Example, ...]:
        said = [pair for split in splits for pair in messages[split]]
        return tuple(to_example(*pair, f"{name}{i}", domains) for i, pair in enumerate(said))

    shown = (*tuple(domains)[::SHOT_STEP], OUT_OF_SCOPE)
    return Examples(
        test=made(("test", "oos_test"), ""),
        shots=first_of_each(made(("train", "oos_train"), "train"), shown),
        labels=(*domains, OUT_OF_SCOPE),
    )


TASK = label_task(
    name="clinc150",
    title="CLINC150",
    summary="Which of 150 intents a message to an assistant has, or that it has none of them.",
    languages=("en",),
    licence="CC-BY-3.0",
    open_licence=True,
    source="https://doi.org/10.18653/v1/D19-1131",
    pins=tuple(PINS.values()),
    load=load,
    n_shots=5,
    metrics=(macro_f1, accuracy, out_of_scope_recall, macro_precision, macro_recall, mcc),
    notes="Of 5,500 messages 1,000 are out of scope, more than of any intent (30 each).",
)
