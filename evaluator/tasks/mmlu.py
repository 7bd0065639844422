"""MMLU: multiple-choice questions of 57 school and professional subjects, as one task.

Paper: Hendrycks et al. 2021, arXiv 2009.03300. 14,042 test questions, five shots of each subject's
own development file in its order. Description, prompt and answer letters as in
lm-evaluation-harness 0.4.13 `mmlu`. The score is the share of all questions (micro); each subject
is a group.

The pinned mirror has a header row and answers 0 to 3. 27 questions stand twice in their subject, as
in the original.
"""

from __future__ import annotations

from evaluator.core.records import Example, LmEval, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import by_subject, choice_task, lettered

PINS = load_pins("mmlu")


def describe(subject: str) -> str:
    """Return the sentence before the shots of a subject."""
    plain = subject.replace("_", " ")
    return f"The following are multiple choice questions (with answers) about {plain}.\n\n"


def to_example(row: Row, name: str, subject: str) -> Example:
    """Return one question with its options spelled out; the answer is the letter."""
    return lettered(
        name=name,
        question=row["question"].strip(),
        options=[row[f"choice{i}"] for i in range(4)],
        gold=int(row["answer"]),
        group=subject,
    )


TASK = choice_task(
    name="mmlu",
    title="MMLU",
    summary="Multiple-choice questions of 57 school, university and professional subjects.",
    languages=("en",),
    licence="MIT",
    open_licence=True,
    source="https://arxiv.org/abs/2009.03300",
    pins=PINS,
    load=by_subject(PINS, to_example),
    n_shots=5,
    lm_eval=LmEval(tasks=("mmlu_{group}",)),
    describe=describe,
    notes="Options are shown, so letters are scored and acc_norm would say nothing new.",
)
