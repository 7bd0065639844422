"""MMLU: multiple-choice questions of 57 school and professional subjects, as one task.

Paper: Hendrycks et al. 2021, arXiv 2009.03300. 14,042 test questions, five shots of each subject's
own development file in its order. Description, prompt and answer letters as in
lm-evaluation-harness 0.4.13 `mmlu`. The score is the share of all questions (micro); each subject
is a group.

The pinned mirror has a header row and answers 0 to 3. 27 questions stand twice in their subject, as
in the original.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, Row, Task
from evaluator.metrics.choice import acc, brier, log_loss
from evaluator.tasks import load_pins

PINS = load_pins("mmlu")
LETTERS = ("A", "B", "C", "D")


def subject_of(pin: DataPin) -> str:
    """Return the subject of a file `mmlu/<split>/<subject>`."""
    return pin.id.rsplit("/", 1)[1]


def describe(subject: str) -> str:
    """Return the sentence before the shots of a subject."""
    plain = subject.replace("_", " ")
    return f"The following are multiple choice questions (with answers) about {plain}.\n\n"


def to_example(row: Row, name: str, subject: str) -> Example:
    """Return one question with its options spelled out; the answer is the letter."""
    options = "".join(f"\n{letter}. {row[f'choice{i}']}" for i, letter in enumerate(LETTERS))
    gold = int(row["answer"])
    return Example(
        id=name,
        question=f"{row['question'].strip()}{options}\nAnswer:",
        target=LETTERS[gold],
        choices=LETTERS,
        gold=(gold,),
        group=subject,
    )


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return all subjects in alphabetic order, each with its development questions as shots."""
    found: dict[str, list[Example]] = {"test": [], "dev": []}
    for pin in sorted(PINS, key=lambda pin: pin.id):
        split, subject = pin.id.split("/")[1], subject_of(pin)
        found[split] += [
            to_example(row, f"{subject}/{'' if split == 'test' else split}{i}", subject)
            for i, row in enumerate(read(pin))
        ]
    return Examples(test=tuple(found["test"]), shots=tuple(found["dev"]))


TASK = Task(
    name="mmlu",
    version=1,
    title="MMLU",
    summary="Multiple-choice questions of 57 school, university and professional subjects.",
    kind="choice",
    languages=("en",),
    licence="MIT",
    open_licence=True,
    source="https://arxiv.org/abs/2009.03300",
    pins=PINS,
    load=load,
    n_shots=5,
    metrics=(acc, brier, log_loss),
    primary=acc,
    columns=("correct", "pred"),
    describe=describe,
    notes="Options are shown, so letters are scored and acc_norm would say nothing new.",
)
