"""FinanceIQ: multiple-choice questions of ten Chinese professional examinations in finance.

Source: the FinanceIQ folder of Duxiaoman-DI/XuanYuan. 7,123 test questions; five shots of each
examination's own development file in its order. Our own prompt in the form of
lm-evaluation-harness 0.4.13 `cmmlu`. Each examination is a group.

Licence CC BY-NC-SA 4.0: not for a default index.
"""

from __future__ import annotations

from evaluator.core.records import Example, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import by_subject, choice_task, lettered

PINS = load_pins("financeiq")
LETTERS = "ABCD"


def describe(exam: str) -> str:
    """Return the sentence before the shots of an examination."""
    return f"以下是关于{exam}的单项选择题，请直接给出正确答案的选项。\n\n"


def to_example(row: Row, name: str, exam: str) -> Example:
    """Return one question with its options spelled out; the answer is the letter."""
    return lettered(
        name=name,
        question=row["Question"].strip(),
        options=[row[letter] for letter in LETTERS],
        gold=LETTERS.index(row["Answer"].strip()),
        asks="答案：",
        group=exam,
    )


TASK = choice_task(
    name="financeiq",
    title="FinanceIQ",
    summary="Multiple-choice questions of ten Chinese professional examinations in finance.",
    languages=("zh",),
    licence="CC-BY-NC-SA-4.0",
    open_licence=False,
    source="https://github.com/Duxiaoman-DI/XuanYuan",
    pins=PINS,
    load=by_subject(PINS, to_example),
    n_shots=5,
    describe=describe,
)
