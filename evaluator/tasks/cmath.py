"""CMATH: word problems of Chinese elementary schools, by grade.

Paper: Wei et al. 2023, arXiv 2306.16636. The 600 problems of the published split, 100 of each grade
from 1 to 6. Our own prompt, without shots (the authors ask without shots too): the model may reason
and its last number counts. Numbers are compared as fractions, so 2/6 equals 1/3 and 0.50 equals
0.5. Each grade is a group.
"""

from __future__ import annotations

from evaluator.core.records import Example, Row
from evaluator.metrics.text import canonical_number
from evaluator.tasks import load_pins
from evaluator.tasks.forms import whole_file, writing_task

PINS = load_pins("cmath")


def to_example(row: Row, name: str) -> Example:
    """Return one problem."""
    return Example(
        id=name,
        question=f"问题：{row['input']}\n请一步一步地解答，最后写“答案：”和一个数。\n解答：",
        target=row["golden"],
        answers=(canonical_number(row["golden"]),),
        group=f"grade {row['grade']}",
    )


TASK = writing_task(
    name="cmath",
    title="CMATH",
    summary="Word problems of Chinese elementary schools; the model writes its steps and a number.",
    languages=("zh",),
    licence="CC-BY-4.0",
    open_licence=True,
    source="https://arxiv.org/abs/2306.16636",
    pins=PINS,
    load=whole_file(PINS[0], to_example),
    n_shots=0,
    extract=canonical_number,
    stop=("问题：",),
    max_tokens=512,
    notes="The last number of the text counts, as a fraction; units and percent signs do not.",
)
