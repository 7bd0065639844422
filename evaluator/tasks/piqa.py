"""PIQA: which of two ways reaches an everyday goal.

Paper: Bisk et al. 2019, arXiv 1911.11641. 1,838 goals of the validation file (the labels of the
test file are secret), without shots. Prompt as in lm-evaluation-harness 0.4.13 `piqa`.

Labels stand in a file of their own, one a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, LmEval, Row, Task
from evaluator.metrics.choice import acc, acc_bytes, acc_norm, brier, log_loss
from evaluator.tasks import load_pins

PINS = {pin.id: pin for pin in load_pins("piqa")}


def to_example(row: Row, gold: int, name: str) -> Example:
    """Return one goal with its two ways."""
    choices = (row["sol1"], row["sol2"])
    return Example(
        id=name,
        question=f"Question: {row['goal']}\nAnswer:",
        target=choices[gold],
        choices=choices,
        gold=(gold,),
    )


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return all goals; there are no shots."""
    pairs = zip(read(PINS["piqa/valid"]), read(PINS["piqa/valid_labels"]), strict=True)
    return Examples(
        test=tuple(to_example(r, int(label["text"]), str(i)) for i, (r, label) in enumerate(pairs))
    )


TASK = Task(
    name="piqa",
    version=1,
    title="PIQA",
    summary="Which of two ways to do an everyday thing works.",
    kind="choice",
    languages=("en",),
    licence="AFL-3.0",
    open_licence=True,
    source="https://arxiv.org/abs/1911.11641",
    pins=tuple(PINS.values()),
    load=load,
    n_shots=0,
    lm_eval=LmEval(tasks=("piqa",)),
    metrics=(acc_norm, acc, acc_bytes, brier, log_loss),
    primary=acc_norm,
    columns=("correct", "pred"),
    length=len,
)
