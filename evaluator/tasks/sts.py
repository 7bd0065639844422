"""STS: do two sentences mean the same? The SemEval sets of 2015 and 2016, as pairs.

Papers: Agirre et al. 2015, doi 10.18653/v1/S15-2045; 2016, doi 10.18653/v1/S16-1081. People gave
each pair 0 (nothing in common) to 5 (the same). Here a pair matches from 4 on ("the same but for
details that do not matter") and does not up to 2 ("not the same, but share some details"); the
pairs between are left out, and so are the rows without a score, which were never judged. Our own
prompt in the form of `mrpc`, without shots. Each set is a group.

The licences differ by source, and some of the news are not free: not for a default index.
"""

from __future__ import annotations

from evaluator.core.records import Example, Examples
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, labelled, pair_task

PINS = load_pins("sts")
LABELS = ("no", "yes")
MATCHES, DIFFERS = 4.0, 2.0
"""Scores from which on, and up to which, a pair is asked about."""


def to_example(first: str, second: str, match: bool, name: str) -> Example:
    """Return one pair."""
    return labelled(
        name=name,
        question=f"Sentence 1: {first}\nSentence 2: {second}\n"
        "Question: Do both sentences mean the same thing?\nAnswer:",
        texts=(first, second),
        labels=LABELS,
        gold=int(match),
        group=name.split("/")[0].replace("_", " "),
    )


def load(read: Read) -> Examples:
    """Return the clear pairs of all sets."""
    test = []
    for pin in PINS:
        for i, row in enumerate(read(pin)):
            score, first, second = row["text"].split("\t")
            if score and (float(score) >= MATCHES or float(score) <= DIFFERS):
                name = f"{pin.id.removeprefix('sts/')}/{i}"
                test.append(to_example(first, second, float(score) >= MATCHES, name))
    return Examples(test=tuple(test), labels=LABELS)


TASK = pair_task(
    name="sts",
    title="STS 2015 and 2016 (pairs)",
    summary="Whether two sentences mean the same, where people were clear about it.",
    languages=("en",),
    licence="mixed",
    open_licence=False,
    source="https://doi.org/10.18653/v1/S16-1081",
    pins=PINS,
    load=load,
    n_shots=0,
    notes="Pairs that people scored between 2 and 4 of 5 are left out, so this is no correlation "
    "as in SemEval. Licences differ by source, so it is in no default index.",
)
