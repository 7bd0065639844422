"""Varied tasks: the same items asked a little differently, to see how much of a score is the form.

    varied:
      starter_choice: [typos, lower, instruction]

A board declares in board.yaml which tasks are asked again and how. Each stands as a task of its
own, `starter_choice_typos`, beside the index and never in it. Items, right answers and order stay
those of the clean task, so that the two scores of a model are compared item by item. What changes
follows from a hash of the item's id: the same on every machine and for every model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from evaluator.core.errors import DocumentError, Fault
from evaluator.core.files import Json, sha256
from evaluator.core.records import DataPin, Example, Examples, Row, Task
from evaluator.core.schema import read_document

WORD = re.compile(r"[^\W\d_]{4,}(?![^\W\d_]*:)")
"""At least four letters; not what a colon follows, for that names a part of the prompt."""
ONE_IN = 6
"""One word of so many gets a typing error; a text of fewer words gets one."""
INSTRUCTION = "Read carefully, then answer as well as you can.\n\n"


def add_typos(text: str, seed: str) -> str:
    """Return a text in which two neighbouring letters of some words are swapped, never the first.

    Which words and which letters follows from `seed`.
    """
    words = list(WORD.finditer(text))
    draws = [int(sha256(f"{seed}|{n}".encode())[:8], 16) for n in range(len(words))]
    chosen = {n for n, draw in enumerate(draws) if draw % ONE_IN == 0}
    if words and not chosen:
        chosen = {min(range(len(words)), key=lambda n: draws[n])}
    for n in sorted(chosen, reverse=True):
        start, end = words[n].span()
        at = start + 1 + draws[n] // ONE_IN % (end - start - 2)
        text = f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"
    return text


def lower(text: str, seed: str) -> str:
    """Return a text in small letters."""
    return text.lower()


def keep(text: str, seed: str) -> str:
    """Return a text as it is."""
    return text


CHANGES: dict[str, Callable[[str, str], str]] = {
    "typos": add_typos,
    "lower": lower,
    "instruction": keep,
}
"""How -> (text, seed) -> the text asked instead; `instruction` puts a sentence first."""


def varied_tasks(
    folder: Path, names: Collection[str], load: Callable[[str], Task]
) -> dict[str, Task]:
    """Return name -> task of the varied tasks that the board below `folder` declares.

    Args:
        folder: submissions/.
        names: tasks that can be varied.
        load: one of them -> the task.

    Raises:
        DocumentError: the faults of board.yaml.
    """
    board = folder / "board.yaml"
    if not board.is_file():
        return {}
    declared = _declared(board.resolve(), board.stat().st_mtime_ns, board.stat().st_size)
    faults = [Fault("board.yaml", 0, f"/varied/{task}", f"no task {task!r} to vary")
              for task in declared if task not in names]  # fmt: skip
    if faults:
        raise DocumentError(faults)
    return {f"{name}_{how}": vary(load(name), how) for name, hows in declared.items()
            for how in hows}  # fmt: skip


@cache
def _declared(path: Path, changed: int, size: int) -> dict[str, Json]:
    """Return task -> how it is varied, read once for each state of a board."""
    value, _ = read_document(path.read_bytes(), "board.yaml", "board")
    found: dict[str, Json] = value.get("varied", {})
    return found


def vary(task: Task, how: str) -> Task:
    """Return a task that asks the items of another a little differently."""

    def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
        clean = task.load(read)
        test = tuple(vary_example(example, how) for example in clean.test)
        told = {group: before + text for group, text in clean.descriptions.items()}
        return replace(clean, test=test, descriptions=told)

    before = INSTRUCTION if how == "instruction" else ""
    return replace(
        task,
        name=f"{task.name}_{how}",
        title=f"{task.title} ({how})",
        load=load,
        describe=lambda group: before + task.describe(group),
        varies=task.name,
    )


def vary_example(example: Example, how: str) -> Example:
    """Return an item with its question changed; what is right stays."""
    change = CHANGES[how]
    return replace(
        example,
        question=change(example.question, f"{how}|{example.id}"),
        texts=tuple(change(text, f"{how}|{example.id}") for text in example.texts),
        contexts=tuple(change(text, f"{how}|{example.id}") for text in example.contexts),
    )
