"""FinanceIQ: multiple-choice questions of ten Chinese professional examinations in finance.

Source: the FinanceIQ folder of Duxiaoman-DI/XuanYuan. 7,123 test questions; five shots of each
examination's own development file in its order. Our own prompt in the form of
lm-evaluation-harness 0.4.13 `cmmlu`. Each examination is a group.

Licence CC BY-NC-SA 4.0: not for a default index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, Row, Task
from evaluator.metrics.choice import acc, brier, log_loss
from evaluator.tasks import load_pins

PINS = load_pins("financeiq")
LETTERS = ("A", "B", "C", "D")


def describe(exam: str) -> str:
    """Return the sentence before the shots of an examination."""
    return f"以下是关于{exam}的单项选择题，请直接给出正确答案的选项。\n\n"


def to_example(row: Row, name: str, exam: str) -> Example:
    """Return one question with its options spelled out; the answer is the letter."""
    options = "".join(f"\n{letter}. {row[letter]}" for letter in LETTERS)
    gold = LETTERS.index(row["Answer"].strip())
    return Example(
        id=name,
        question=f"{row['Question'].strip()}{options}\n答案：",
        target=LETTERS[gold],
        choices=LETTERS,
        gold=(gold,),
        group=exam,
    )


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return all examinations, each with its development questions as shots."""
    found: dict[str, list[Example]] = {"test": [], "dev": []}
    for pin in sorted(PINS, key=lambda pin: pin.id):
        _, split, exam = pin.id.split("/")
        found[split] += [
            to_example(row, f"{exam}/{'' if split == 'test' else split}{i}", exam)
            for i, row in enumerate(read(pin))
        ]
    return Examples(test=tuple(found["test"]), shots=tuple(found["dev"]))


TASK = Task(
    name="financeiq",
    version=1,
    title="FinanceIQ",
    summary="Multiple-choice questions of ten Chinese professional examinations in finance.",
    kind="choice",
    languages=("zh",),
    licence="CC-BY-NC-SA-4.0",
    open_licence=False,
    source="https://github.com/Duxiaoman-DI/XuanYuan",
    pins=PINS,
    load=load,
    n_shots=5,
    metrics=(acc, brier, log_loss),
    primary=acc,
    columns=("correct", "pred"),
    describe=describe,
)
