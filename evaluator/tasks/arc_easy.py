"""ARC Easy: the grade-school science questions that simple retrieval does answer.

Paper: Clark et al. 2018, arXiv 1803.05457. 2,376 test questions, asked without shots. Options are
not shown: each is scored as the answer. Prompt as in lm-evaluation-harness 0.4.13 `arc_easy`.

Quirks: 97 questions label their options 1 to 4, so the answer is found by its label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Examples, LmEval, Row, Task
from evaluator.metrics.choice import acc, acc_bytes, acc_norm, brier, log_loss
from evaluator.tasks import load_pins
from evaluator.tasks.arc_challenge import to_example

PINS = {pin.id: pin for pin in load_pins("arc")}


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return the test questions; the development file is a pool for shots."""
    return Examples(
        test=tuple(to_example(row) for row in read(PINS["arc/easy_test"])),
        shots=tuple(to_example(row) for row in read(PINS["arc/easy_dev"])),
    )


TASK = Task(
    name="arc_easy",
    version=1,
    title="ARC Easy",
    summary="Grade-school science questions that word matching often answers.",
    kind="choice",
    languages=("en",),
    licence="CC-BY-SA-4.0",
    open_licence=True,
    source="https://arxiv.org/abs/1803.05457",
    pins=(PINS["arc/easy_test"], PINS["arc/easy_dev"]),
    load=load,
    n_shots=0,
    lm_eval=LmEval(tasks=("arc_easy",)),
    metrics=(acc_norm, acc, acc_bytes, brier, log_loss),
    primary=acc_norm,
    columns=("correct", "pred"),
    length=len,
)
