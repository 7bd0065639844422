"""MedMCQA: questions of Indian medical entrance examinations, in 21 subjects.

Paper: Pal et al. 2022, arXiv 2203.14371. The 4,183 questions of the development split, since the
test split has no public answers. Prompt as in lm-evaluation-harness 0.4.13 `medmcqa`, without shots
as there. Each subject is a group.

Quirks: the right option is numbered from 1 in this file (from 0 on the hub). A third of the items
is marked `multi` by its authors, yet each has exactly one right option.
"""

from __future__ import annotations

from evaluator.core.records import Example, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import choice_task, lettered, whole_file

PINS = load_pins("medmcqa")


def to_example(row: Row, name: str) -> Example:
    """Return one question with its options spelled out; the answer is the letter."""
    return lettered(
        name=row["id"],
        question=f"Question: {row['question']}\nChoices:",
        options=[row[f"op{letter}"] for letter in "abcd"],
        gold=int(row["cop"]) - 1,
        group=row["subject_name"],
    )


TASK = choice_task(
    name="medmcqa",
    title="MedMCQA",
    summary="Multiple-choice questions of medical entrance examinations in 21 subjects.",
    languages=("en",),
    licence="MIT",
    open_licence=True,
    source="https://arxiv.org/abs/2203.14371",
    pins=PINS,
    load=whole_file(PINS[0], to_example),
    n_shots=0,
    notes="Options are shown, so letters are scored and acc_norm would say nothing new.",
)
