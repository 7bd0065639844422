"""BoolQ: yes or no questions that people typed into a search engine, with a passage to read.

Paper: Clark et al. 2019, arXiv 1905.10044. 3,270 questions of the validation file as SuperGLUE
packs it, without shots. Prompt and choices as in lm-evaluation-harness 0.4.13 `boolq`.
"""

from __future__ import annotations

from evaluator.core.records import Example, LmEval, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import choice_task, whole_file

PINS = load_pins("boolq")
CHOICES = ("no", "yes")


def to_example(row: Row, name: str) -> Example:
    """Return one question after its passage."""
    gold = ("false", "true").index(row["label"])
    return Example(
        id=str(row["idx"]),
        question=f"{row['passage']}\nQuestion: {row['question']}?\nAnswer:",
        target=CHOICES[gold],
        choices=CHOICES,
        gold=(gold,),
    )


TASK = choice_task(
    name="boolq",
    title="BoolQ",
    summary="Yes or no questions about a passage that answers them.",
    languages=("en",),
    licence="CC-BY-SA-3.0",
    open_licence=True,
    source="https://arxiv.org/abs/1905.10044",
    pins=PINS,
    load=whole_file(PINS[0], to_example),
    n_shots=0,
    lm_eval=LmEval(tasks=("boolq",)),
    notes="62 % of the answers are yes, which the uniform guesser of the baseline does not know.",
)
