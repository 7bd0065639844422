"""LawBench: Chinese law, the subtasks whose answer is one of some letters.

Paper: Fei et al. 2023, arXiv 2309.16289. 1-2 legal knowledge, 3-6 case analysis (both four letters)
and 2-8 which argument answers the plaintiff's (five): 500 items each, zero-shot, each a group. The
instruction is the authors' own; it asks for "[正确答案]A<eoa>", so the prompt ends in
"[正确答案]" and the letters are scored right behind it. The golds are written in three ways; only
their letter is read.

The other subtasks: 2-2 and 2-4 are tasks of their own (`lawbench_disputes`,
`lawbench_consultations`), since they have classes. Not taken: 3-4 and 3-5 ask for one number that
depends on the court, 2-6 has empty golds, and the rest are several labels or free text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, Row, Task
from evaluator.metrics.choice import acc, brier, log_loss
from evaluator.metrics.classification import accuracy, macro_f1, macro_precision, macro_recall, mcc
from evaluator.tasks import load_pins

PINS = {pin.id: pin for pin in load_pins("lawbench")}
LETTERS = {"1-2": "ABCD", "2-8": "ABCDE", "3-6": "ABCD"}
"""Subtask -> the letters it offers."""
SOURCE = "https://arxiv.org/abs/2309.16289"


def to_example(row: Row, name: str, choices: tuple[str, ...], target: str, mark: str) -> Example:
    """Return one item: instruction, question and the mark that the answer follows."""
    return Example(
        id=name,
        question=f"{row['instruction'].strip()}\n{row['question'].strip()}\n[{mark}]",
        texts=(row["question"].strip(),),
        target=target,
        choices=choices,
        gold=(choices.index(target),),
        group=name.split("/")[0],
    )


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return the items of the subtasks with letters."""
    test = []
    for part, letters in LETTERS.items():
        for i, row in enumerate(read(PINS[f"lawbench/{part}"])):
            (letter,) = re.findall("[A-E]", row["answer"].removesuffix("<eoa>"))
            test.append(to_example(row, f"{part}/{i}", tuple(letters), letter, "正确答案"))
    return Examples(test=tuple(test))


def label_task(*, name: str, title: str, summary: str, part: str, mark: str) -> Task:
    """Return the task of a subtask whose instruction lists its classes."""
    pin = PINS[f"lawbench/{part}"]

    def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
        rows = list(read(pin))
        listed = re.search("类别包括[:：](.+?)。", rows[0]["instruction"])
        labels = tuple(listed[1].split("、")) if listed else ()
        golds = [row["answer"].rsplit("：", 1)[-1].strip("。") for row in rows]
        return Examples(
            test=tuple(
                to_example(row, f"{part}/{i}", labels, gold, mark)
                for i, (row, gold) in enumerate(zip(rows, golds, strict=True))
            ),
            labels=labels,
        )

    return Task(
        name=name,
        version=1,
        title=title,
        summary=summary,
        kind="classification",
        languages=("zh",),
        licence="Apache-2.0",
        open_licence=True,
        source=SOURCE,
        pins=(pin,),
        load=load,
        n_shots=0,
        metrics=(macro_f1, accuracy, macro_precision, macro_recall, mcc),
        primary=macro_f1,
        columns=("correct", "pred", "gold"),
        delimiter="",
        notes="Longer labels are less likely; log-likelihoods are not divided by length.",
    )


TASK = Task(
    name="lawbench",
    version=1,
    title="LawBench (letters)",
    summary="Chinese law: knowledge, case analysis, and which argument answers another.",
    kind="choice",
    languages=("zh",),
    licence="Apache-2.0",
    open_licence=True,
    source=SOURCE,
    pins=tuple(PINS[f"lawbench/{part}"] for part in LETTERS),
    load=load,
    n_shots=0,
    metrics=(acc, brier, log_loss),
    primary=acc,
    columns=("correct", "pred"),
    delimiter="",
    notes="1-2 and 3-6 derive from JEC-QA, whose authors hand out their data on application only.",
)
