"""Fresh tasks: questions made anew for each season, so that no model can have been trained on them.

    fresh:
      fresh_series:
        of: starter_choice
        items: 200

A board declares in board.yaml which generated task is asked again, with items made from the seed
of the season that the board is in (`submissions/seasons/<season>.yaml`). The seed's sha256 is
committed in the draft, the seed itself later (`evaluator season reveal`). Until then the task
waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from evaluator.core.errors import DocumentError, TaskError
from evaluator.core.files import Json
from evaluator.core.records import DataPin, Examples, Row, Task
from evaluator.core.schema import read_document
from evaluator.tasks.starter import examples_of

WAITS = "its items are made from the season's seed, which is not revealed yet"


def fresh_tasks(folder: Path, built_in: Callable[[str], Task]) -> dict[str, Task]:
    """Return name -> task of the fresh tasks that the board below `folder` declares.

    Args:
        folder: submissions/.
        built_in: name of a task in this package -> the task.

    Raises:
        DocumentError: the faults of board.yaml.
    """
    board = folder / "board.yaml"
    if not board.is_file():
        return {}
    declared, current = _declared(board.resolve(), board.stat().st_mtime_ns, board.stat().st_size)
    if not declared:
        return {}
    seeds = _seeds(folder)
    number = 1 + sum(season < current for season in seeds)
    return {
        name: to_task(name, facts, built_in(facts["of"]), seeds.get(current, ""), number)
        for name, facts in declared.items()
    }


@cache
def _declared(path: Path, changed: int, size: int) -> tuple[Json, str]:
    """Return (fresh tasks as declared, name of the season), read once for each state of a board."""
    value, _ = read_document(path.read_bytes(), "board.yaml", "board")
    return value.get("fresh", {}), value["season"]


def _seeds(folder: Path) -> dict[str, str]:
    """Return season -> its seed, for those that have revealed one."""
    found = {}
    for path in sorted((folder / "seasons").glob("*.yaml")):
        stat = path.stat()
        if seed := _seed(path.resolve(), stat.st_mtime_ns, stat.st_size):
            found[path.stem] = seed
    return found


@cache
def _seed(path: Path, changed: int, size: int) -> str:
    """Return the seed that a season has revealed, ''  without one; `check` tells its faults."""
    try:
        return str(read_document(path.read_bytes(), path.name, "season")[0].get("seed", ""))
    except DocumentError:
        return ""


def to_task(name: str, facts: Json, task: Task, seed: str, number: int) -> Task:
    """Return a generated task asked with the items of a seed.

    Args:
        name: the fresh task's name.
        facts: how board.yaml declares it.
        task: the generated task.
        seed: the season's, '' if it is not revealed.
        number: of the season among those with a seed, from 1; the task's version.
    """

    def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
        if not seed:
            raise TaskError(f"{name}: {WAITS}")
        return examples_of(task.name, f"{seed}|{name}", facts["items"])

    return replace(
        task,
        name=name,
        version=number,
        title=f"{task.title}, fresh",
        summary=f"{task.summary} Made anew from the seed of each season.",
        load=load,
        waits="" if seed else WAITS,
    )
