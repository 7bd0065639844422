"""C3: Chinese reading comprehension on dialogues and short texts of language examinations.

Paper: Sun et al. 2020, arXiv 1904.09679. 3,892 test questions: 1,890 on dialogues, 2,002 on other
texts, with two to four options. Our own prompt: many questions ask which option agrees with the
text, so the options are shown and their letters are scored. Three shots, the first of the
development file of the same form.

Quirks: the file gives the answer as text. A text carries up to several questions, which share a
cluster. The authors allow "non-commercial research purpose only".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, Row, Task
from evaluator.metrics.choice import acc, brier, log_loss
from evaluator.tasks import load_pins

PINS = {pin.id: pin for pin in load_pins("c3")}
FORMS = {"dialogue": "d", "mixed": "m"}
"""Group -> letter of its files."""
N_SHOTS = 3


def to_examples(row: Row, group: str) -> list[Example]:
    """Return the questions on one text; `value` is [lines, questions, id] as JSON."""
    lines, questions, name = json.loads(row["value"])
    text = "\n".join(lines)
    found = []
    for number, asked in enumerate(questions):
        letters = tuple("ABCD"[: len(asked["choice"])])
        pairs = zip(letters, asked["choice"], strict=True)
        options = "".join(f"\n{letter}. {choice}" for letter, choice in pairs)
        gold = asked["choice"].index(asked["answer"])
        found.append(
            Example(
                id=f"{group}/{name}/{number}",
                question=f"{text}\n问题：{asked['question']}{options}\n答案：",
                target=letters[gold],
                choices=letters,
                gold=(gold,),
                group=group,
                cluster=f"{group}/{name}",
            )
        )
    return found


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return the test questions and the first of each development file as shots."""
    test: list[Example] = []
    shots: list[Example] = []
    for group, form in FORMS.items():
        test += [e for row in read(PINS[f"c3/{form}_test"]) for e in to_examples(row, group)]
        dev = list(read(PINS[f"c3/{form}_dev"]))[:N_SHOTS]
        shots += [e for row in dev for e in to_examples(row, group)][:N_SHOTS]
    return Examples(test=tuple(test), shots=tuple(shots))


TASK = Task(
    name="c3",
    version=1,
    title="C3",
    summary="Chinese reading comprehension: questions on dialogues and short texts.",
    kind="choice",
    languages=("zh",),
    licence="non-commercial research only",
    open_licence=False,
    source="https://arxiv.org/abs/1904.09679",
    pins=tuple(PINS.values()),
    load=load,
    n_shots=N_SHOTS,
    metrics=(acc, brier, log_loss),
    primary=acc,
    columns=("correct", "pred"),
    notes="Items have two to four options; the chance level is the mean of one over their number.",
)
