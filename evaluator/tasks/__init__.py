"""What the board asks: one file a task, and the file's name is the task's name.

Door 1: to add a task, write `tasks/<name>.py` with a `TASK`, its pins in `pins/<benchmark>.json`,
and run `evaluator tasks lock`. Nothing else is edited. A board's own tasks need no Python: they are
declared in its board.yaml (`jsonl.py`).
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib import resources
from pathlib import Path

from evaluator.core.errors import TaskError, did_you_mean
from evaluator.core.files import Json, hash_json
from evaluator.core.records import DataPin, RequestSet, Task

MATERIAL = {"agieval", "forms", "fresh", "jsonl", "ntrex", "protocol", "starter", "varied"}
"""Modules here that tasks are made from and that are none themselves."""
OWN_REQUESTS = ("head", "parsed")
"""Methods that are asked in their own way: a classifier gets the bare text, without a prompt."""


@cache
def built_in_names() -> tuple[str, ...]:
    """Return the names of the tasks in this folder, sorted."""
    found = (module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)
    return tuple(sorted(name for name in found if name not in MATERIAL))


def task_names() -> tuple[str, ...]:
    """Return the names of all tasks: those in this folder, then the board's own (`jsonl.py`)."""
    return (*built_in_names(), *sorted(_own_tasks()))


def load_task(name: str, protocol: str = "board") -> Task:
    """Return the task of that name as a protocol asks it: board, or lm-eval.

    Raises:
        TaskError: no such task, or not under that protocol; says where those stand that exist.
    """
    if name in built_in_names():
        task = _load(name)
    elif (own := _own_tasks()) and name in own:
        task = own[name]
    else:
        nearest = did_you_mean(name, task_names()) or ";"
        raise TaskError(f"no task {name!r}{nearest} `evaluator tasks list` names all")
    if protocol == "board":
        return task
    from evaluator.tasks.protocol import as_lm_eval  # it needs the names above

    return as_lm_eval(task)


def pins_of(names: Iterable[str]) -> list[DataPin]:
    """Return the pins of tasks, a file that several share once."""
    return list({pin.id: pin for name in names for pin in load_task(name).pins}.values())


@cache
def _load(name: str) -> Task:
    task: Task = importlib.import_module(f"{__name__}.{name}").TASK
    return task


def _own_tasks() -> dict[str, Task]:
    """Return name -> task of the tasks that the board declares; nobody may change it."""
    from evaluator.tasks.jsonl import board_folder  # it needs the names above

    folder = board_folder().absolute()
    return _declared(folder, _state(folder))


def _state(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return path, time and size of each file that the board's own tasks are made from."""
    found = []
    for path in (folder / "board.yaml", *sorted((folder / "seasons").glob("*.yaml"))):
        with suppress(OSError):  # there is none, or it is gone since
            stat = path.stat()
            found.append((str(path), stat.st_mtime_ns, stat.st_size))
    return tuple(found)


@cache
def _declared(folder: Path, state: tuple[tuple[str, int, int], ...]) -> dict[str, Task]:
    """Make the board's own tasks once for each state of its files; a large board asks often."""
    from evaluator.tasks.fresh import fresh_tasks  # they need the names above
    from evaluator.tasks.jsonl import own_tasks
    from evaluator.tasks.varied import varied_tasks

    own = own_tasks() | fresh_tasks(folder, _load)
    names = (*built_in_names(), *own)
    return own | varied_tasks(folder, names, lambda name: own.get(name) or _load(name))


def load_pins(benchmark: str) -> tuple[DataPin, ...]:
    """Return all pinned files of a benchmark, from `pins/<benchmark>.json`."""
    source = resources.files(f"{__name__}.pins").joinpath(f"{benchmark}.json")
    return tuple(
        DataPin(id=pin_id, **facts)
        for pin_id, facts in json.loads(source.read_text("utf-8")).items()
    )


def lockable() -> tuple[str, ...]:
    """Return the names of the tasks whose data is verified: those that `lock.json` holds."""
    return tuple(name for name in task_names() if load_task(name).measurable)


def locked_request_set(name: str, method: str = "") -> RequestSet | None:
    """Return what the lock says a task asks, or None if it is not locked at this version.

    Args:
        name: the task.
        method: how the model answers; one of `OWN_REQUESTS` has a request set of its own.
    """
    entry = _entry(lock_path(name), name)
    if entry is None or entry["version"] != load_task(name).version:
        return None
    found = entry["board"].get(f"clean.{method}" if method in OWN_REQUESTS else "clean")
    return RequestSet(**found) if found else None


def lock_path(name: str) -> Path:
    """Return the file that locks what a task asks: this folder's, or the board's own."""
    return _beside(name, "lock.json")


def lock_paths() -> tuple[Path, Path]:
    """Return the two files that lock what tasks ask, this folder's and the board's own."""
    return _built_in_file("lock.json"), _own_file("lock.json")


def lint_path(name: str) -> Path:
    """Return the file of what was found in the items of a task, beside its lock."""
    return _beside(name, "lint.json")


def findings_of(name: str) -> list[Json] | None:
    """Return what `evaluator tasks lint --write` found in a task's items.

    None if nobody has looked since they last changed.
    """
    entry = _entry(lint_path(name), name)
    if entry is None or entry["items"] != items_mark(name):
        return None
    found: list[Json] = entry["findings"]
    return found


def sample_entry(name: str) -> Json | None:
    """Return the invented item of a task that its page shows; None if there is none."""
    entry = _entry(_built_in_file("samples.json"), name)
    return entry if entry and entry["version"] == load_task(name).version else None


def items_mark(name: str) -> str:
    """Return 16 hex digits that change with what a task asks or what is right; '' if not locked."""
    locked = locked_request_set(name)
    return hash_json([locked.sha256, locked.gold_sha256])[:16] if locked else ""


def _beside(name: str, file: str) -> Path:
    return _built_in_file(file) if name in built_in_names() else _own_file(file)


def _built_in_file(file: str) -> Path:
    return Path(__path__[0]) / file


def _own_file(file: str) -> Path:
    from evaluator.tasks.jsonl import board_folder  # it needs the names above

    return board_folder() / f"tasks.{file}"


def _entry(path: Path, name: str) -> Json:
    """Return what a file holds of a task, or None."""
    return _read(path, path.stat().st_mtime_ns).get(name) if path.exists() else None


@cache
def _read(path: Path, changed: int) -> dict[str, Json]:
    entries: dict[str, Json] = json.loads(path.read_bytes())["tasks"]
    return entries
