"""Varied tasks: the same items asked a little differently, to see what a score rests on.

    varied:
      starter_choice: [typos, gender, no_question]

A board declares in board.yaml which tasks are asked again and how (`changes/`). Each stands as a
task of its own, `starter_choice_typos`, beside the index and never in it, and is asked wherever its
clean task is. Items, right answers and order stay those of the clean task, so that the two scores
of a model are compared item by item. Only `erased` asks a few items many times.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from evaluator.core.errors import DocumentError, Fault
from evaluator.core.files import Json
from evaluator.core.records import DataPin, Example, Examples, Row, Task
from evaluator.core.schema import read_document
from evaluator.metrics.choice import acc
from evaluator.metrics.classification import accuracy
from evaluator.tasks.changes import CHANGES
from evaluator.tasks.changes.change import Change
from evaluator.tasks.changes.evidence import ITEMS
from evaluator.tasks.protocol import take_items


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
    tasks = {name: load(name) for name in declared if name in names}
    faults += [Fault("board.yaml", 0, f"/varied/{name}", f"{how!r} is not for a {task.kind} task")
               for name, task in tasks.items() for how in declared[name]
               if CHANGES[how].kinds and task.kind not in CHANGES[how].kinds]  # fmt: skip
    if faults:
        raise DocumentError(faults)
    return {f"{name}_{how}": vary(task, how) for name, task in tasks.items()
            for how in declared[name]}  # fmt: skip


@cache
def _declared(path: Path, changed: int, size: int) -> dict[str, Json]:
    """Return task -> how it is varied, read once for each state of a board."""
    value, _ = read_document(path.read_bytes(), "board.yaml", "board")
    found: dict[str, Json] = value.get("varied", {})
    return found


def how_of(task: Task) -> str:
    """Return how a varied task changes its clean one: a name in `CHANGES`."""
    return task.name.removeprefix(f"{task.varies}_")


def vary(task: Task, how: str) -> Task:
    """Return a task that asks the items of another a little differently."""
    change = CHANGES[how]

    def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
        return vary_examples(task, task.load(read), change)

    share = accuracy if task.kind in ("classification", "matching") else acc
    columns = (*task.columns, "p_gold") if change.split else task.columns
    return replace(
        task,
        name=f"{task.name}_{how}",
        title=f"{task.title} ({how})",
        summary=f"The same items {change.about}.",
        load=load,
        n_shots=0 if change.shots == "none" else task.n_shots,
        describe=lambda group: change.before + task.describe(group),
        columns=(*dict.fromkeys((*columns, "changed")),),
        metrics=(share,) if change.split else task.metrics,
        primary=share if change.split else task.primary,
        varies=task.name,
        lm_eval=None,
    )


def vary_examples(task: Task, clean: Examples, change: Change) -> Examples:
    """Return items as a change asks them, each marked whether anything in it is another."""
    if change.split:
        few = take_items(task, clean, ITEMS).test
        test = [part for example in few for part in change.split(example)]
    else:
        test = [change.item(example) for example in clean.test]
    before = dict(zip((e.id for e in clean.test), clean.test, strict=True))
    return replace(
        clean,
        test=tuple(
            replace(e, changed=e.changed or change.asks_all_anew or e != before.get(e.id, e))
            for e in test
        ),
        shots=turn_shots(clean, task.n_shots) if change.shots == "reversed" else clean.shots,
        descriptions={group: change.before + told for group, told in clean.descriptions.items()},
    )


def turn_shots(clean: Examples, n_shots: int) -> tuple[Example, ...]:
    """Return the pool with the shots that are shown in reverse order, of each group its own."""
    groups = {shot.group for shot in clean.shots}
    if not {example.group for example in clean.test} <= groups:
        return (*clean.shots[:n_shots][::-1], *clean.shots[n_shots:])
    found: list[Example] = []
    for group in dict.fromkeys(shot.group for shot in clean.shots):
        own = [shot for shot in clean.shots if shot.group == group]
        found += [*own[:n_shots][::-1], *own[n_shots:]]
    return tuple(found)
