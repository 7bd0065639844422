"""Varied tasks: the same items asked a little differently, to see what a score rests on.

    varied:
      banking77:
        items: 400
        changes:
          typos: Customers type in a hurry.

A board declares in board.yaml which tasks are asked again, how (`changes/`) and why. Each stands as
a task of its own, `banking77_typos`, beside the index and never in it, and is asked wherever its
clean task is. Items, right answers and order stay those of the clean task, so that the two scores
of a model are compared item by item.

With `items`, at most so many are asked, and only those that the change changes: what stays as it is
tells nothing. They are the first by lot, so that two changes of a task ask mostly the same ones,
and each knows its place in the clean task. `erased` asks a few items many times.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path

from evaluator.core.errors import DocumentError, Fault, TaskError, did_you_mean
from evaluator.core.files import Json
from evaluator.core.records import DataPin, Example, Examples, Row, Task
from evaluator.core.schema import read_document
from evaluator.metrics.choice import acc
from evaluator.metrics.classification import accuracy
from evaluator.tasks.changes import CHANGES
from evaluator.tasks.changes.change import Change
from evaluator.tasks.changes.evidence import ITEMS
from evaluator.tasks.forms import by_lot
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
    faults = [
        Fault("board.yaml", 0, f"/varied/{task}",
              f"no task {task!r} to vary{did_you_mean(task, names)}")
        for task in declared if task not in names
    ]  # fmt: skip
    tasks = {name: load(name) for name in declared if name in names}
    faults += [Fault("board.yaml", 0, f"/varied/{name}", f"{how!r} is not for a {task.kind} task")
               for name, task in tasks.items() for how in declared[name]["changes"]
               if CHANGES[how].kinds and task.kind not in CHANGES[how].kinds]  # fmt: skip
    if faults:
        raise DocumentError(faults)
    return {f"{name}_{how}": vary(task, how, declared[name].get("items", 0))
            for name, task in tasks.items() for how in declared[name]["changes"]}  # fmt: skip


@cache
def _declared(path: Path, changed: int, size: int) -> dict[str, Json]:
    """Return task -> {items, changes}, read once for each state of a board."""
    value, _ = read_document(path.read_bytes(), "board.yaml", "board")
    found: dict[str, Json] = value.get("varied", {})
    return found


def how_of(task: Task) -> str:
    """Return how a varied task changes its clean one: a name in `CHANGES`."""
    return task.name.removeprefix(f"{task.varies}_")


def vary(task: Task, how: str, items: int = 0) -> Task:
    """Return a task that asks the items of another a little differently.

    A few items are too few for numbers by class: their metric is the share of right answers.

    Args:
        task: the clean task.
        how: name of the change.
        items: most items that are asked; 0: all.
    """
    change = CHANGES[how]
    part = bool(items) and not change.split
    labelled = task.kind in ("classification", "matching")
    shares = change.split or (part and labelled)

    def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
        return vary_examples(task, task.load(read), change, items)

    share = accuracy if labelled else acc
    more = ("p_gold",) if change.split else ("changed", "place") if part else ("changed",)
    return replace(
        task,
        name=f"{task.name}_{how}",
        title=f"{task.title} ({how})",
        summary=f"The same items {change.about}.",
        load=load,
        n_shots=0 if change.shots == "none" else task.n_shots,
        describe=lambda group: change.before + task.describe(group),
        columns=(*dict.fromkeys((*task.columns, *more, "changed")),),
        metrics=(share,) if shares else task.metrics,
        primary=share if shares else task.primary,
        varies=task.name,
        lm_eval=None,
    )


def vary_examples(task: Task, clean: Examples, change: Change, items: int = 0) -> Examples:
    """Return items as a change asks them, each marked whether anything in it is another.

    Raises:
        TaskError: a part is to be asked, and the change changes no item.
    """
    if change.split:
        few = take_items(task, clean, ITEMS).test
        test = tuple(part for example in few for part in change.split(example))
    elif items:
        test = tuple(islice(_changed_by_lot(clean, change), items))
        test = tuple(sorted(test, key=lambda example: example.place))
    else:
        test = tuple(_marked(example, change) for example in clean.test)
    if not test:
        raise TaskError(f"{task.name}: none of its items is changed; take the change out")
    return replace(
        clean,
        test=test,
        shots=turn_shots(clean, task.n_shots) if change.shots == "reversed" else clean.shots,
        descriptions={group: change.before + told for group, told in clean.descriptions.items()},
    )


def _marked(example: Example, change: Change) -> Example:
    """Return an item as a change asks it, with the mark whether anything in it is another."""
    found = change.item(example)
    return replace(found, changed=change.asks_all_anew or found != example)


def _changed_by_lot(clean: Examples, change: Change) -> Iterator[Example]:
    """Yield the items that a change changes with their places, in an order that lot decides."""
    drawn = by_lot(enumerate(clean.test), "varied", key=lambda item: item[1].id)
    for place, example in drawn:
        found = _marked(example, change)
        if found.changed:
            yield replace(found, place=place)


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
