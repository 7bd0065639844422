"""TruthfulQA, multiple choice: questions that people often answer with a popular falsehood.

Paper: Lin et al. 2022, arXiv 2109.07958. The 817 questions of the first version, as harnesses
report them. One request set serves both metrics: every option of MC2 is scored, and MC1 picks among
the subset that its list names (a subset in all 817 rows; exactly one of it is true). The true
option of MC1 always comes first in the file, so the options are put in the order of a hash.

Six worked questions stand before each question. They were written by others and define the
benchmark, so they are pinned and parsed like data: from lm-evaluation-harness's task file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable

from evaluator.core.errors import DataError
from evaluator.core.records import DataPin, Example, Examples, LmEval, Row, Task
from evaluator.metrics.choice import acc, brier, mc2
from evaluator.tasks import load_pins

PINS = {pin.id: pin for pin in load_pins("truthfulqa")}


def read_primer(text: str) -> str:
    """Return the worked questions out of the harness's task file.

    The file quotes them as a YAML string with escaped line ends inside a template assignment.
    """
    found = re.search(r"prompt_qa = '(.*?)'%\}", text, re.DOTALL)
    if found is None:
        raise DataError(f"{PINS['truthfulqa/primer'].path}: no prompt_qa in it; the pin is wrong")
    unbroken = re.sub(r"\\\n\s*", "", found[1])
    return unbroken.replace("\\n", "\n")


def to_example(row: Row, name: str, primer: str, *, shuffled: bool) -> Example:
    """Return one question with all options of MC2, shuffled by hash or as the file has them.

    As the file has them: those of MC1, then the others.
    """
    true_or_not: dict[str, int] = json.loads(row["mc2_targets"])
    single: dict[str, int] = json.loads(row["mc1_targets"])

    def lot(choice: str) -> str:
        return hashlib.sha256(f"{name}\n{choice}".encode()).hexdigest()

    in_file = tuple(dict.fromkeys((*single, *true_or_not)))
    choices = tuple(sorted(true_or_not, key=lot)) if shuffled else in_file
    right = next(choice for choice, is_true in single.items() if is_true)
    return Example(
        id=name,
        question=f"{primer}\n\nQ: {row['question']}\nA:",
        target=right,
        choices=choices,
        gold=tuple(i for i, choice in enumerate(choices) if true_or_not[choice]),
        candidates=tuple(i for i, choice in enumerate(choices) if choice in single),
    )


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return all questions; there are no shots beside the primer."""
    return _load(read, shuffled=True)


def load_in_file_order(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return all questions, the options of each in the order of the file."""
    return _load(read, shuffled=False)


def _load(read: Callable[[DataPin], Iterable[Row]], *, shuffled: bool) -> Examples:
    primer = read_primer(next(iter(read(PINS["truthfulqa/primer"])))["text"])
    rows = enumerate(read(PINS["truthfulqa/mc_task_v1"]))
    return Examples(
        test=tuple(to_example(row, str(i), primer, shuffled=shuffled) for i, row in rows)
    )


TASK = Task(
    name="truthfulqa",
    version=1,
    title="TruthfulQA (MC1, MC2)",
    summary="Questions whose popular answer is false; the model weighs true and false options.",
    kind="choice",
    languages=("en",),
    licence="Apache-2.0",
    open_licence=True,
    source="https://arxiv.org/abs/2109.07958",
    pins=tuple(PINS.values()),
    load=load,
    n_shots=0,
    lm_eval=LmEval(tasks=("truthfulqa_mc2", "truthfulqa_mc1"), load=load_in_file_order),
    metrics=(mc2, acc, brier),
    primary=mc2,
    columns=("correct", "pred", "value"),
    notes="`acc` is MC1: a pick among the options of the single-true list. `mc2` is MC2.",
)
