"""CMMLU: Chinese multiple-choice questions of 67 school, university and everyday subjects.

Paper: Li et al. 2023, arXiv 2306.09212. 11,582 test questions, five shots of each subject's own
development file in its order. Description, prompt and answer letters as in lm-evaluation-harness
0.4.13 `cmmlu`. The score is the share of all questions (micro); each subject is a group.

The data names its subjects in English and the description does in Chinese. Those names were written
by others and define the benchmark, so they are parsed out of the harness's own pinned script.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from evaluator.core.errors import DataError
from evaluator.core.records import DataPin, Example, Examples, LmEval, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import by_subject, choice_task, lettered

PINS = {pin.id: pin for pin in load_pins("cmmlu")}
QUESTIONS = tuple(pin for pin in PINS.values() if pin.format == "csv")
LETTERS = "ABCD"


def read_subjects(text: str) -> dict[str, str]:
    """Return subject -> its name in Chinese, out of the harness's script for its task files.

    Raises:
        DataError: it holds no table of subjects.
    """
    table = re.search(r"^SUBJECTS = (\{.*?^\})$", text, re.DOTALL | re.MULTILINE)
    if table is None:
        raise DataError(f"{PINS['cmmlu/subjects'].path}: no SUBJECTS in it; the pin is wrong")
    names: dict[str, str] = ast.literal_eval(table[1])  # data, never run
    return names


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return all questions, each subject with its own shots and the sentence before them."""
    names = read_subjects(next(iter(read(PINS["cmmlu/subjects"])))["text"])
    told = {
        subject: f"以下是关于{name}的单项选择题，请直接给出正确答案的选项。\n\n"
        for subject, name in names.items()
    }
    return replace(by_subject(QUESTIONS, to_example)(read), descriptions=told)


def to_example(row: Row, name: str, subject: str) -> Example:
    """Return one question with its options spelled out; the answer is the letter."""
    return lettered(
        name=name,
        question=row["Question"].strip(),
        options=[row[letter] for letter in LETTERS],
        gold=LETTERS.index(row["Answer"]),
        asks="答案：",
        group=subject,
    )


TASK = choice_task(
    name="cmmlu",
    title="CMMLU",
    summary="Chinese multiple-choice questions of 67 subjects, many about China alone.",
    languages=("zh",),
    licence="CC-BY-NC-SA-4.0",
    open_licence=False,
    source="https://arxiv.org/abs/2306.09212",
    pins=tuple(PINS.values()),
    load=load,
    n_shots=5,
    lm_eval=LmEval(tasks=("cmmlu_{group}",)),
    notes="The licence forbids commercial use, so it is in no default index.",
)
