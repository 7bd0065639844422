"""GAOKAO-Bench: objective questions of the Chinese college entrance examination, 2010 to 2022.

Paper: Zhang et al. 2023, arXiv 2305.12474. 14 files of ten subjects. Our own prompt: the question
as printed, then the letter of the answer by log-likelihood. A text with several questions is asked
once for each, as "第2小题的答案：" (answer to question 2); these share a cluster. Each file is
a group.

Left out: the 23 physics questions with more than one right letter, which a single letter cannot
answer. Options are part of the printed question; cloze questions choose among seven letters, all
others among four.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, Row, Task
from evaluator.metrics.choice import acc, brier, log_loss
from evaluator.tasks import load_pins

PINS = load_pins("gaokao_bench")
SEVEN_LETTERS = "2012-2022_English_Cloze_Test"


def to_examples(record: Row, part: str) -> list[Example]:
    """Return the questions of one record: as many as it has answers of one letter."""
    letters = tuple("ABCDEFG" if part == SEVEN_LETTERS else "ABCD")
    answers, text = record["answer"], record["question"].strip()
    name = f"{part}/{record['index']}"
    return [
        Example(
            id=f"{name}/{number}",
            question=f"{text}\n{f'第{number}小题的' if len(answers) > 1 else ''}答案：",
            target=answer,
            choices=letters,
            gold=(letters.index(answer),),
            group=part,
            cluster=name if len(answers) > 1 else "",
        )
        for number, answer in enumerate(answers, 1)
        if len(answer) == 1
    ]


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return all files in alphabetic order."""
    test: list[Example] = []
    for pin in sorted(PINS, key=lambda pin: pin.id):
        (records,) = (row["value"] for row in read(pin) if row["key"] == "example")
        for record in json.loads(records):
            test += to_examples(record, pin.id.rsplit("/", 1)[1])
    return Examples(test=tuple(test))


TASK = Task(
    name="gaokao_bench",
    version=1,
    title="GAOKAO-Bench",
    summary="Objective questions of the Chinese college entrance examination in ten subjects.",
    kind="choice",
    languages=("zh", "en"),
    licence="Apache-2.0",
    open_licence=True,
    source="https://arxiv.org/abs/2305.12474",
    pins=PINS,
    load=load,
    n_shots=0,
    metrics=(acc, brier, log_loss),
    primary=acc,
    columns=("correct", "pred"),
    describe=lambda group: "以下是中国高考的选择题，请给出正确答案的选项。\n\n",
    notes="Each question counts 0 or 1; the authors give points for parts of an answer.",
)
