"""MuSR: murder mysteries, lost objects and teams, each a long story and a question about it.

Paper: Sprague et al. 2023, arXiv 2310.16049. 756 questions of three kinds, without shots, each kind
a group. Prompt as in lm-evaluation-harness 0.4.13 `leaderboard_musr`; the score is divided by
characters before the pick, the share of all items (micro).

Its files are pinned by the ids under which git stores them; nobody here has seen their bytes. The
form is that of the sample stories in the same repository: a list of stories, each with a context
and questions.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, LmEval, Row, Task
from evaluator.metrics.choice import acc, acc_norm, brier, log_loss
from evaluator.tasks import load_pins

PINS = load_pins("musr")


def to_example(name: str, group: str, story: str, asked: Row) -> Example:
    """Return one question after its story; the options are shown with numbers."""
    given = asked["choices"]
    choices = tuple(ast.literal_eval(given) if isinstance(given, str) else given)
    shown = "".join(f"{number} - {choice}\n" for number, choice in enumerate(choices, 1))
    gold = int(asked["answer"])
    return Example(
        id=name,
        question=f"{story}\n\n{asked['question']}\n\n{shown}\nAnswer:",
        target=choices[gold],
        choices=choices,
        gold=(gold,),
        group=group,
    )


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return all questions, kind by kind and story by story."""
    test = []
    for pin in PINS:
        group = pin.id.split("/")[1]
        stories = ((row["context"], json.loads(row["questions"])) for row in read(pin))
        test += [
            to_example(f"{group}/{i}/{j}", group, story, asked)
            for i, (story, questions) in enumerate(stories)
            for j, asked in enumerate(questions)
        ]
    return Examples(test=tuple(test))


TASK = Task(
    name="musr",
    version=1,
    title="MuSR",
    summary="Questions about long stories that take several steps of reasoning.",
    kind="choice",
    languages=("en",),
    licence="MIT",
    open_licence=True,
    source="https://arxiv.org/abs/2310.16049",
    pins=PINS,
    load=load,
    n_shots=0,
    lm_eval=LmEval(tasks=("leaderboard_musr_{group}",)),
    metrics=(acc_norm, acc, brier, log_loss),
    primary=acc_norm,
    columns=("correct", "pred"),
    length=len,
)
