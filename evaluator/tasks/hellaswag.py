"""HellaSwag: how an everyday scene goes on; the wrong endings fooled an older model.

Paper: Zellers et al. 2019, arXiv 1905.07830. 10,042 questions of the validation file (the labels of
the test file are secret), ten shots: the first of the training file. Prompt and cleaning as in
lm-evaluation-harness 0.4.13 `hellaswag`.

Quirks: texts from WikiHow carry the marks [header], [title] and [step], which are cleaned away; the
second part of a context gets a capital letter and loses all others.

Its files are pinned by hashes from public records; nobody here has seen their bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, LmEval, Row, Task
from evaluator.metrics.choice import acc, acc_bytes, acc_norm, brier, log_loss
from evaluator.tasks import load_pins

PINS = {pin.id: pin for pin in load_pins("hellaswag")}
MARK = re.compile(r"\[.*?\]")


def clean(text: str) -> str:
    """Return a text without WikiHow's marks: a title begins a new sentence."""
    text = text.strip().replace(" [title]", ". ")
    return MARK.sub("", text).replace("  ", " ")


def to_example(row: Row, name: str) -> Example:
    """Return one scene with its four endings; `endings` holds them as JSON text."""
    context = f"{row['ctx_a']} {row['ctx_b'].capitalize()}"
    choices = tuple(clean(ending) for ending in json.loads(row["endings"]))
    gold = int(row["label"])
    return Example(
        id=name,
        question=clean(f"{row['activity_label']}: {context}"),
        target=choices[gold],
        choices=choices,
        gold=(gold,),
    )


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return the validation scenes and the training scenes that are drawn from as shots."""
    train = read(PINS["hellaswag/train"])
    return Examples(
        test=tuple(to_example(r, str(i)) for i, r in enumerate(read(PINS["hellaswag/val"]))),
        shots=tuple(to_example(row, f"train{i}") for i, row in enumerate(train)),
    )


TASK = Task(
    name="hellaswag",
    version=1,
    title="HellaSwag",
    summary="Which of four endings goes on with an everyday scene.",
    kind="choice",
    languages=("en",),
    licence="MIT",
    open_licence=True,
    source="https://arxiv.org/abs/1905.07830",
    pins=tuple(PINS.values()),
    load=load,
    n_shots=10,
    lm_eval=LmEval(tasks=("hellaswag",), drawn=11),
    metrics=(acc_norm, acc, acc_bytes, brier, log_loss),
    primary=acc_norm,
    columns=("correct", "pred"),
    length=len,
)
