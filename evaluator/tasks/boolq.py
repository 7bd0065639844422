"""BoolQ: yes or no questions that people typed into a search engine, with a passage to read.

Paper: Clark et al. 2019, arXiv 1905.10044. 3,270 questions of the validation file as SuperGLUE
packs it, without shots. Prompt and choices as in lm-evaluation-harness 0.4.13 `boolq`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, Row, Task
from evaluator.metrics.choice import acc, brier, log_loss
from evaluator.tasks import load_pins

PINS = load_pins("boolq")
CHOICES = ("no", "yes")


def to_example(row: Row) -> Example:
    """Return one question after its passage."""
    gold = ("false", "true").index(row["label"])
    return Example(
        id=str(row["idx"]),
        question=f"{row['passage']}\nQuestion: {row['question']}?\nAnswer:",
        target=CHOICES[gold],
        choices=CHOICES,
        gold=(gold,),
    )


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return all questions; there are no shots."""
    return Examples(test=tuple(to_example(row) for row in read(PINS[0])))


TASK = Task(
    name="boolq",
    version=1,
    title="BoolQ",
    summary="Yes or no questions about a passage that answers them.",
    kind="choice",
    languages=("en",),
    licence="CC-BY-SA-3.0",
    open_licence=True,
    source="https://arxiv.org/abs/1905.10044",
    pins=PINS,
    load=load,
    n_shots=0,
    metrics=(acc, brier, log_loss),
    primary=acc,
    columns=("correct", "pred"),
    notes="62 % of the answers are yes, which the uniform guesser of the baseline does not know.",
)
