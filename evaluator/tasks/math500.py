"""MATH-500: competition problems whose answer is an expression.

Papers: Hendrycks et al. 2021, arXiv 2103.03874; the 500 problems that Lightman et al. 2023, arXiv
2305.20050, kept for testing. Our own prompt, without shots, since the training split is not pinned:
the model reasons and boxes its answer. Answers are compared by value with math-verify
(`evaluator/metrics/maths.py`), as lm-evaluation-harness `math_verify` of its `minerva_math500`.
Each subject is a group.
"""

from __future__ import annotations

from evaluator.core.records import Example, Row
from evaluator.metrics.maths import same_value
from evaluator.tasks import load_pins
from evaluator.tasks.forms import whole_file, writing_task

PINS = load_pins("math500")


def to_example(row: Row, name: str) -> Example:
    """Return one problem."""
    return Example(
        id=name,
        question=f"Problem: {row['problem']}\n"
        "Solve the problem step by step and put the final answer in \\boxed{}.\nSolution:",
        target=f"\\boxed{{{row['answer']}}}",
        answers=(row["answer"],),
        group=row["subject"],
    )


TASK = writing_task(
    name="math500",
    title="MATH-500",
    summary="Competition problems in seven subjects; the model reasons and writes an expression.",
    languages=("en",),
    licence="MIT",
    open_licence=True,
    source="https://arxiv.org/abs/2305.20050",
    pins=PINS,
    load=whole_file(PINS[0], to_example),
    n_shots=0,
    extract=str.strip,
    is_right=same_value,
    stop=("Problem:",),
    max_tokens=1024,
    notes="1/2, 0.5 and \\frac{1}{2} are one answer. Without a box, the last expression counts.",
)
