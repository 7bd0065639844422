"""AGIEval, mathematics: competition problems and Gaokao cloze questions, answered in writing.

1,000 problems of MATH and 118 Chinese cloze questions; sources in `agieval.py`. Prompts are the
authors' zero-shot ones, which lm-evaluation-harness 0.4.13 `agieval_math` and
`agieval_gaokao_mathcloze` ask too. Answers are compared by value with math-verify (there: as
normalised text). Each part is a group.
"""

from __future__ import annotations

from evaluator.core.records import Example, Examples, Row
from evaluator.metrics.maths import same_values
from evaluator.tasks.agieval import ENGLISH, PINS, part_of
from evaluator.tasks.forms import Read, writing_task

PARTS = (PINS["agieval/math"], PINS["agieval/gaokao-mathcloze"])


def to_example(row: Row, name: str, part: str) -> Example:
    """Return one problem."""
    asked = (
        f"Q: {row['question']}\nA: The answer is"
        if part in ENGLISH
        else f"问题：{row['question']}\n答案："
    )
    return Example(
        id=name, question=asked, target=row["answer"], answers=(row["answer"],), group=part
    )


def load(read: Read) -> Examples:
    """Return both parts."""
    return Examples(
        test=tuple(
            to_example(row, f"{part_of(pin)}/{i}", part_of(pin))
            for pin in PARTS
            for i, row in enumerate(read(pin))
        )
    )


TASK = writing_task(
    name="agieval_math",
    title="AGIEval (mathematics)",
    summary="Competition problems in English and cloze questions of the Chinese Gaokao.",
    languages=("en", "zh"),
    licence="MIT",
    open_licence=True,
    source="https://arxiv.org/abs/2304.06364",
    pins=PARTS,
    load=load,
    n_shots=0,
    extract=str.strip,
    is_right=same_values,
    stop=("Q:", "问题：", "\n"),
    max_tokens=64,
    notes="The answer is asked for at once, without steps. Answers in several parts have "
    "semicolons between them, and all parts must be right.",
)
