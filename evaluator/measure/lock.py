"""The lock: what each task asks, hashed, derived from its pinned data; and what moved in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from evaluator.core.errors import TaskError
from evaluator.core.files import Json
from evaluator.measure.data import load_examples
from evaluator.measure.method import can_parse
from evaluator.measure.requests import (
    VARIANT,
    build_requests,
    can_be_classified,
    describe_requests,
)
from evaluator.tasks import load_task

SHOWN = 12
"""Hex digits of a hash that are shown: enough to tell two apart."""


def lock_entry(name: str) -> Json:
    """Return the entry of a task in `tasks/lock.json`, derived from its data.

    Raises:
        TaskError: a pin of its is not verified, so nobody can know what it asks; or its items tell
            no models apart.
        DataError: as `load_examples`.
    """
    task = load_task(name)
    if not task.measurable:
        unseen = ", ".join(pin.id for pin in task.pins if not pin.verified)
        raise TaskError(
            f"{name}: its pins are not verified ({unseen}). Where the files can be had, run "
            f"`evaluator data verify {name}` and complete the pins with what it prints."
        )
    examples = load_examples(task)
    sets = {VARIANT: ""}
    if can_be_classified(task, examples):
        sets[f"{VARIANT}.head"] = "head"
    if can_parse(task):
        sets[f"{VARIANT}.parsed"] = "parsed"
    found = {
        name: asdict(describe_requests(task, examples, build_requests(task, examples, method)))
        for name, method in sets.items()
    }
    if found[VARIANT]["baseline"] == task.primary.best:
        raise TaskError(
            f"{task.name}: one answer to every item already gets the best {task.primary.name}, "
            f"{task.primary.best:g}, so its items tell no models apart. Add items whose right "
            "answers differ."
        )
    return {"version": task.version, "board": found}


def lock_moves(before: dict[str, Json], after: dict[str, Json]) -> list[tuple[str, str, str, str]]:
    """Return (task, part, before, now) of all that two locks hold otherwise, sorted by task.

    A task that only one of them holds is one row, `added` or `dropped`. Hashes are cut to 12
    digits; what is not there is `-`.
    """
    rows = []
    for name in sorted(before | after):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            rows.append((name, "dropped" if was else "added", _brief(was), _brief(now)))
            continue
        old, new = _parts(was), _parts(now)
        rows += [
            (name, part, old.get(part, "-"), new.get(part, "-"))
            for part in old | new
            if old.get(part) != new.get(part)
        ]
    return rows


def of_same_version(moves: Sequence[tuple[str, str, str, str]]) -> list[str]:
    """Return the tasks that ask otherwise under the version they had."""
    parts: dict[str, set[str]] = {}
    for name, part, _, _ in moves:
        parts.setdefault(name, set()).add(part)
    return [name for name, moved in parts.items() if not moved & {"added", "dropped", "version"}]


def _brief(entry: Json) -> str:
    if entry is None:
        return "-"
    return f"version {entry['version']}, {entry['board'][VARIANT]['sha256'][:SHOWN]}"


def _parts(entry: Json) -> dict[str, str]:
    """Return part -> value as shown, the version first."""
    facts = {
        f"{asked} {part}": value[:SHOWN] if isinstance(value, str) else str(value)
        for asked, found in entry["board"].items()
        for part, value in found.items()
    }
    return {"version": str(entry["version"]), **facts}
