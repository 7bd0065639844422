"""WinoGrande: which of two names fills the blank of a sentence.

Paper: Sakaguchi et al. 2019, arXiv 1907.10641. The 1,267 sentences of the development file (the
labels of the test file are secret), without shots. As in lm-evaluation-harness 0.4.13 `winogrande`,
each name is put into the blank and what follows the blank is scored: one ending after two
beginnings.

The pinned mirror words every sentence as an instruction, from which sentence and names are parsed
back. It holds no training file, hence no shots.
"""

from __future__ import annotations

import re

from evaluator.core.errors import DataError
from evaluator.core.records import Example, LmEval, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import choice_task, whole_file

PINS = load_pins("winogrande")
WORDING = re.compile(
    r"Please choose the correct answer to fill in the blank to complete the given sentence: (.*)"
    r"\n\nOption1: (.*) Option2: (.*) Answer format: option1/option2",
    re.DOTALL,
)


def to_example(row: Row, name: str) -> Example:
    """Return one sentence, split at its blank, with both names as beginnings."""
    found = WORDING.fullmatch(row["instruction"])
    if found is None:
        raise DataError(f"{PINS[0].id}: row {name} is not worded like the others")
    sentence, *names = found.groups()
    before, after = sentence.split("_", 1)
    contexts = tuple(before + choice for choice in names)
    gold = ("option1", "option2").index(row["answer"])
    return Example(
        id=name,
        question=contexts[gold],
        target=after.strip(),
        choices=tuple(names),
        contexts=contexts,
        gold=(gold,),
    )


TASK = choice_task(
    name="winogrande",
    title="WinoGrande",
    summary="Which of two names fills the blank, in sentences that need a little common sense.",
    languages=("en",),
    licence="CC-BY",
    open_licence=True,
    source="https://arxiv.org/abs/1907.10641",
    pins=PINS,
    load=whole_file(PINS[0], to_example),
    n_shots=0,
    lm_eval=LmEval(tasks=("winogrande",)),
    notes="What follows the blank is scored after each name, so both choices are the same words.",
)
