"""MedMCQA: questions of Indian medical entrance examinations, in 21 subjects.

Paper: Pal et al. 2022, arXiv 2203.14371. The 4,183 questions of the development split, since the
test split has no public answers. Prompt as in lm-evaluation-harness 0.4.13 `medmcqa`, without shots
as there. Each subject is a group.

Quirks: the right option is numbered from 1 in this file (from 0 on the hub). A third of the items
is marked `multi` by its authors, yet each has exactly one right option.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, Row, Task
from evaluator.metrics.choice import acc, brier, log_loss
from evaluator.tasks import load_pins

PINS = load_pins("medmcqa")
LETTERS = ("A", "B", "C", "D")


def to_example(row: Row) -> Example:
    """Return one question with its options spelled out; the answer is the letter."""
    options = "".join(f"{letter}. {row[f'op{letter.lower()}']}\n" for letter in LETTERS)
    gold = int(row["cop"]) - 1
    return Example(
        id=row["id"],
        question=f"Question: {row['question']}\nChoices:\n{options}Answer:",
        target=LETTERS[gold],
        choices=LETTERS,
        gold=(gold,),
        group=row["subject_name"],
    )


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return all questions of the development split."""
    return Examples(test=tuple(to_example(row) for row in read(PINS[0])))


TASK = Task(
    name="medmcqa",
    version=1,
    title="MedMCQA",
    summary="Multiple-choice questions of medical entrance examinations in 21 subjects.",
    kind="choice",
    languages=("en",),
    licence="MIT",
    open_licence=True,
    source="https://arxiv.org/abs/2203.14371",
    pins=PINS,
    load=load,
    n_shots=0,
    metrics=(acc, brier, log_loss),
    primary=acc,
    columns=("correct", "pred"),
    notes="Options are shown, so letters are scored and acc_norm would say nothing new.",
)
