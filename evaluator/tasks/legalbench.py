"""LegalBench, a probe: yes-or-no tasks of American law, from their official few-shot files.

Paper: Guha et al. 2023, arXiv 2308.11462. The test files are not in the repository, so this asks
the few-shot files' rows themselves: in each of 66 tasks with the answers Yes and No, the first row
of each answer is shown and the others are asked: 308 items. It is a probe of the format and not
LegalBench; intervals are wide, and a rank on it says little.

Our own prompt: the official one explains each task, but that text is not pinned. The name of the
task and the two worked rows stand for it. Rows share a cluster by task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, Row, Task
from evaluator.metrics.classification import accuracy, macro_f1, macro_recall, mcc
from evaluator.tasks import load_pins

PINS = load_pins("legalbench")
LABELS = ("Yes", "No")
ASKED = ("bill_title", "bill_summary", "company_name", "company_description", "text", "question")
"""Columns that are shown, in this order, where a file has them."""


def name_of(pin: DataPin) -> str:
    """Return the LegalBench task of a file `legalbench_fewshot/<task>`."""
    return pin.id.rsplit("/", 1)[1]


def to_example(row: Row, name: str, task: str) -> Example:
    """Return one row: its columns by name, then the answer."""
    shown = "".join(
        f"{column.replace('_', ' ').capitalize()}: {row[column].strip()}\n"
        for column in ASKED
        if row.get(column)
    )
    return Example(
        id=name,
        question=f"{shown}Answer:",
        target=row["answer"],
        choices=LABELS,
        gold=(LABELS.index(row["answer"]),),
        group=task,
        cluster=task,
    )


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return the rows of all tasks; the first of each answer are the task's shots."""
    test: list[Example] = []
    shots: list[Example] = []
    for pin in sorted(PINS, key=lambda pin: pin.id):
        task = name_of(pin)
        rows = [to_example(row, f"{task}/{i}", task) for i, row in enumerate(read(pin))]
        shown = [next(e for e in rows if e.target == label) for label in LABELS]
        shots += shown
        test += [e for e in rows if e not in shown]
    return Examples(test=tuple(test), shots=tuple(shots), labels=LABELS)


TASK = Task(
    name="legalbench",
    version=1,
    title="LegalBench (few-shot probe)",
    summary="Yes-or-no questions of American law, from LegalBench's few-shot files; a small probe.",
    kind="classification",
    languages=("en",),
    licence="CC-BY-4.0, CC-BY-SA-4.0 and MIT, by task",
    open_licence=True,
    source="https://arxiv.org/abs/2308.11462",
    pins=PINS,
    load=load,
    n_shots=2,
    metrics=(accuracy, macro_f1, macro_recall, mcc),
    primary=accuracy,
    columns=("correct", "pred", "gold"),
    describe=lambda task: f"Legal task: {task.replace('_', ' ')}. Answer Yes or No.\n\n",
    notes="308 rows of the few-shot files: a probe, not LegalBench.",
)
