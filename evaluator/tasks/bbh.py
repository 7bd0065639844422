"""BIG-Bench Hard, multiple choice: 24 kinds of puzzles that older models failed, as one task.

Paper: Suzgun et al. 2022, arXiv 2210.09261. The variant of lm-evaluation-harness 0.4.13
`leaderboard_bbh`: the answer is scored among a fixed list of each subtask, after three worked
examples that show the answer alone. The three subtasks whose answers are free text are left out
(dyck_languages, multistep_arithmetic_two, word_sorting). Each subtask is a group; the score is the
share of all items (micro), divided by characters before the pick.

The worked examples and the sentence before them were written by others and define the benchmark, so
they are parsed out of its pinned files of worked reasoning: the question, and the answer that ends
it. The sentence has no line end after it, as in the reference.

The lists of answers stand here: no pinned file tells them. The targets of four subtasks are fewer
(no item of geometric_shapes is right with (A) or (H)), and the harness's own configuration is no
file of the benchmark; `tests/parity/` asks it whether the lists are the same.

Quirks: some items have fewer options than their subtask's list (date_understanding, ruin_names).
Three targets of the pinned files name no option (one of movie_recommendation, two of ruin_names);
those items are left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from string import ascii_uppercase

from evaluator.core.errors import DataError
from evaluator.core.records import DataPin, Example, Examples, LmEval, Row, Task
from evaluator.metrics.choice import acc, acc_norm, brier, log_loss
from evaluator.tasks import load_pins

PINS = {pin.id: pin for pin in load_pins("bbh")}
WORDS = {
    "boolean_expressions": ("False", "True"),
    "causal_judgement": ("Yes", "No"),
    "formal_fallacies": ("valid", "invalid"),
    "navigate": ("Yes", "No"),
    "object_counting": tuple(map(str, range(19))),
    "sports_understanding": ("yes", "no"),
    "web_of_lies": ("Yes", "No"),
}
"""Subtask -> its answers, where they are words."""
LETTERS = {
    "date_understanding": 6,
    "disambiguation_qa": 3,
    "geometric_shapes": 11,
    "hyperbaton": 2,
    "logical_deduction_five_objects": 5,
    "logical_deduction_seven_objects": 7,
    "logical_deduction_three_objects": 3,
    "movie_recommendation": 6,
    "penguins_in_a_table": 5,
    "reasoning_about_colored_objects": 18,
    "ruin_names": 6,
    "salient_translation_error_detection": 6,
    "snarks": 2,
    "temporal_sequences": 4,
    "tracking_shuffled_objects_five_objects": 5,
    "tracking_shuffled_objects_seven_objects": 7,
    "tracking_shuffled_objects_three_objects": 3,
}
"""Subtask -> how many letters from (A) on are its answers."""
THINKS = "\nA: Let's think step by step."
"""What stands between a worked question and its reasoning."""
CHOICES = WORDS | {
    name: tuple(f"({letter})" for letter in ascii_uppercase[:count])
    for name, count in LETTERS.items()
}


def to_example(name: str, subtask: str, question: str, answer: str) -> Example:
    """Return one puzzle; its answers are the fixed list of the subtask."""
    choices = CHOICES[subtask]
    return Example(
        id=name,
        question=f"Q: {question}\nA:",
        target=answer,
        choices=choices,
        gold=(choices.index(answer),),
        group=subtask,
    )


def read_worked(text: str, subtask: str) -> tuple[str, tuple[Example, ...]]:
    """Return (description, three shots) out of a subtask's file of worked reasoning.

    Raises:
        DataError: the file does not hold a description and three worked examples.
    """
    description, *worked = text.partition("-----\n")[2].split("\n\nQ: ")
    found = []
    for question, _, reasoning in (part.partition(THINKS) for part in worked):
        answer = reasoning.rpartition("So the answer is ")[2]
        found.append((question, answer.strip().removesuffix(".")))
    if not description or len(found) != 3 or any(a not in CHOICES[subtask] for _, a in found):
        raise DataError(f"bbh/cot/{subtask}: no description and three worked examples in it")
    return description, tuple(
        to_example(f"{subtask}/shot{i}", subtask, question, answer)
        for i, (question, answer) in enumerate(found)
    )


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return all subtasks in alphabetic order, each with its own description and shots."""
    test: list[Example] = []
    shots: list[Example] = []
    descriptions = {}
    for subtask in sorted(CHOICES):
        worked = next(iter(read(PINS[f"bbh/cot/{subtask}"])))["text"]
        descriptions[subtask], own = read_worked(worked, subtask)
        shots += own
        tables = {row["key"]: row["value"] for row in read(PINS[f"bbh/{subtask}"])}
        test += [
            to_example(f"{subtask}/{i}", subtask, row["input"], row["target"])
            for i, row in enumerate(json.loads(tables["examples"]))
            if row["target"] in CHOICES[subtask]
        ]
    return Examples(test=tuple(test), shots=tuple(shots), descriptions=descriptions)


TASK = Task(
    name="bbh",
    version=1,
    title="BIG-Bench Hard (multiple choice)",
    summary="24 kinds of puzzles in logic, counting, language and world knowledge.",
    kind="choice",
    languages=("en",),
    licence="MIT",
    open_licence=True,
    source="https://arxiv.org/abs/2210.09261",
    pins=tuple(PINS.values()),
    load=load,
    n_shots=3,
    lm_eval=LmEval(tasks=("leaderboard_bbh_{group}",)),
    metrics=(acc_norm, acc, brier, log_loss),
    primary=acc_norm,
    columns=("correct", "pred"),
    length=len,
    notes="Three items whose target names no option are left out. Some items show fewer options "
    "than the fixed list of their subtask that is scored.",
)
