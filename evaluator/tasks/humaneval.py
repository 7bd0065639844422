"""HumanEval: the body of a Python function from its signature and description.

Paper: Chen et al. 2021, arXiv 2107.03374. 164 functions, without shots; prompt and stop strings as
in lm-evaluation-harness 0.4.13 `humaneval`. One text is written for each, so the score is pass@1:
it passes if prompt, text and the function's own tests run to their end.

Running what a model wrote is off unless board.yaml says `run_code: true`; see
`evaluator/measure/execute.py` for what the code can and cannot do.
"""

from __future__ import annotations

from evaluator.core.records import Example, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import whole_file, writing_task

PINS = load_pins("humaneval")


def to_example(row: Row, name: str) -> Example:
    """Return one function; what makes an answer right is the call of its tests."""
    return Example(
        id=row["task_id"],
        question=row["prompt"],
        target=row["canonical_solution"],
        answers=(f"{row['test']}\ncheck({row['entry_point']})",),
    )


def to_program(example: Example, text: str) -> str:
    """Return the program that ends without an error if the text is right."""
    return f"{example.question}{text}\n{example.answers[0]}\n"


TASK = writing_task(
    name="humaneval",
    title="HumanEval",
    summary="Python functions written from a description and run against tests.",
    languages=("en",),
    licence="MIT",
    open_licence=True,
    source="https://arxiv.org/abs/2107.03374",
    pins=PINS,
    load=whole_file(PINS[0], to_example),
    n_shots=0,
    extract=lambda text: text,
    program=to_program,
    stop=("\nclass", "\ndef", "\n#", "\nif", "\nprint"),
    max_tokens=1024,
    notes="Measured only on boards that allow what models write to be run.",
)
