"""GSM8K: grade-school word problems, answered in steps that end in `#### number`.

Paper: Cobbe et al. 2021, arXiv 2110.14168. 1,319 test problems. Prompt, stop strings and the strict
answer rule as in lm-evaluation-harness 0.4.13 `gsm8k`; the five shots are the first of the training
file, the same for every item (there: drawn anew for each item).

Quirks: 14 right answers hold thousands commas, which are dropped on both sides; the training file
marks calculator steps as <<48/2=24>>, which stay in the shots as in the reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, LmEval, Row, Task
from evaluator.metrics.generation import exact_match
from evaluator.tasks import load_pins

PINS = {pin.id: pin for pin in load_pins("gsm8k")}
ANSWER = re.compile(r"#### (-?[0-9.,]+)")


def extract(text: str) -> str:
    """Return the number after the first `#### `, without commas and a final point; '' if none."""
    found = ANSWER.search(text)
    return found[1].replace(",", "").rstrip(".") if found else ""


def to_example(row: Row, name: str) -> Example:
    """Return one problem; the shot shows the whole worked solution."""
    return Example(
        id=name,
        question=f"Question: {row['question']}\nAnswer:",
        target=row["answer"],
        answers=(extract(row["answer"]),),
    )


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return the test problems and the worked examples of the training file."""
    train = read(PINS["gsm8k/train"])
    return Examples(
        test=tuple(to_example(r, str(i)) for i, r in enumerate(read(PINS["gsm8k/test"]))),
        shots=tuple(to_example(r, f"train{i}") for i, r in enumerate(train)),
    )


TASK = Task(
    name="gsm8k",
    version=1,
    title="GSM8K",
    summary="Grade-school word problems; the model writes its steps and a final number.",
    kind="generation",
    languages=("en",),
    licence="MIT",
    open_licence=True,
    source="https://arxiv.org/abs/2110.14168",
    pins=(PINS["gsm8k/test"], PINS["gsm8k/train"]),
    load=load,
    n_shots=5,
    lm_eval=LmEval(tasks=("gsm8k",), drawn=5),
    metrics=(exact_match,),
    primary=exact_match,
    columns=("correct",),
    extract=extract,
    stop=("Question:", "</s>", "<|im_end|>"),
    max_tokens=256,
    notes="Strict match: only a number written after '#### ' counts.",
)
