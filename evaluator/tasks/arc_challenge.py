"""ARC Challenge: grade-school science questions that simple retrieval gets wrong.

Paper: Clark et al. 2018, arXiv 1803.05457. 1,172 test questions with three to five options, which
are not shown: each is scored as the answer. Prompt as in lm-evaluation-harness 0.4.13
`arc_challenge`; the 25 shots are the first of the development file (there: drawn from the training
file).

Quirks: some options are labelled 1 to 4 instead of A to D, so the answer is found by its label.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, LmEval, Row, Task
from evaluator.metrics.choice import acc, acc_bytes, acc_norm, brier, log_loss
from evaluator.tasks import load_pins

PINS = {pin.id: pin for pin in load_pins("arc")}


def to_example(row: Row) -> Example:
    """Return one question; `question` holds stem and options as JSON text."""
    asked = json.loads(row["question"])
    labels = [choice["label"] for choice in asked["choices"]]
    choices = tuple(choice["text"] for choice in asked["choices"])
    gold = labels.index(row["answerKey"])
    return Example(
        id=row["id"],
        question=f"Question: {asked['stem']}\nAnswer:",
        target=choices[gold],
        choices=choices,
        gold=(gold,),
    )


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return the test questions; the development file is the pool of shots."""
    return Examples(
        test=tuple(to_example(row) for row in read(PINS["arc/challenge_test"])),
        shots=tuple(to_example(row) for row in read(PINS["arc/challenge_dev"])),
    )


TASK = Task(
    name="arc_challenge",
    version=1,
    title="ARC Challenge",
    summary="Grade-school science questions chosen because word matching does not answer them.",
    kind="choice",
    languages=("en",),
    licence="CC-BY-SA-4.0",
    open_licence=True,
    source="https://arxiv.org/abs/1803.05457",
    pins=(PINS["arc/challenge_test"], PINS["arc/challenge_dev"]),
    load=load,
    n_shots=25,
    lm_eval=LmEval(tasks=("arc_challenge",), drawn=25),
    metrics=(acc_norm, acc, acc_bytes, brier, log_loss),
    primary=acc_norm,
    columns=("correct", "pred"),
    length=len,
)
