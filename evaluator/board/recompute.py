"""Recompute a result from its kept responses: every metric, table, count and item column."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from evaluator.board.tree import Standing
from evaluator.core.columns import unpack
from evaluator.core.errors import DataError, EvaluatorError, Fault
from evaluator.core.files import Json
from evaluator.core.records import Examples
from evaluator.core.safe_yaml import pointer_step
from evaluator.measure.data import load_examples
from evaluator.measure.rescore import rescore
from evaluator.measure.result import responses_path
from evaluator.tasks import load_task, locked_request_set, task_names

TOLERANCE = 1e-9
"""Two orders of summation differ by less."""
LAST_DIGIT = 2.0**-22
"""Relative; two machines may round a 32-bit float differently."""
MANY = 300
"""Results from which on the start of further processes, a second or two, is soon regained."""
MOST_PROCESSES = 8
CHUNK = 20
"""Results that a process takes at once."""
MOST_TOLD = 10
"""Differences of one result that are told one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """How far the numbers of one result could be followed."""

    tier: str
    """responses: all of it; items: what the committed columns give; key: its identity alone."""
    unseen: str
    """Why not all of it; '' if all."""
    faults: tuple[Fault, ...]
    """Numbers that do not follow from the responses."""


def recompute(root: Path, path: str, result: Json) -> Recomputed:
    """Score the kept responses of a result again and compare everything that scoring makes.

    Args:
        root: the folder submissions/.
        path: where the result stands below it.
        result: its content, in order by its schema.
    """
    name = result["task"]["name"]
    if name not in task_names():
        return Recomputed(tier="key", unseen="the task is no longer here", faults=())
    task, locked = load_task(name), locked_request_set(name, result["method"])
    tier, unseen = "items", ""
    if locked is None or result["request_set"]["sha256"] != locked.sha256:
        tier, unseen = "key", f"asked by version {result['task']['version']} of the task"
    elif result["request_set"]["gold_sha256"] != locked.gold_sha256:
        tier, unseen = "key", "scored against earlier right answers"
    elif result["scorer"] != task.scorer:
        tier, unseen = "key", f"scored by version {result['scorer']}, now {task.scorer}"
    elif not result["responses"]["kept"]:
        unseen = "responses were not kept"
    elif not responses_path(root / path).exists():  # `check` and the history tell if nobody decided
        unseen = "responses are no longer there"
    examples = None if unseen else _examples_of(name)
    if examples is None:
        unseen = unseen or "the test data are not at hand"
        return Recomputed(tier=tier, unseen=unseen, faults=())
    try:
        fresh, equal = rescore(root / path, result, task, examples)
    except EvaluatorError as error:
        fault = Fault(path, 0, "/responses", str(error).split("\n")[0])
        return Recomputed(tier="items", unseen="responses do not fit", faults=(fault,))
    told = [] if equal else list(_differences(result, fresh))[:MOST_TOLD]
    faults = tuple(Fault(path, 0, pointer, message) for pointer, message in told)
    return Recomputed(tier="responses", unseen="", faults=faults)


@contextmanager
def recompute_all(root: Path, standings: Sequence[Standing]) -> Iterator[Iterator[Recomputed]]:
    """Begin to recompute results; yield what each gives, in order.

    Many are spread over processes, while this one goes on with something else.
    """
    paths, results = [s.path for s in standings], [s.result for s in standings]
    step = partial(recompute, root)
    if len(standings) < MANY:
        yield map(step, paths, results)
        return
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield pool.map(step, paths, results, chunksize=CHUNK)


@cache
def _examples_of(task: str) -> Examples | None:
    """Return the examples of a task, None if its data are neither here nor to be fetched."""
    try:
        return load_examples(load_task(task))
    except DataError:
        return None


def _differences(result: Json, fresh: Json) -> Iterator[tuple[str, str]]:
    """Yield (pointer, message) for everything that the responses do not give."""
    for name, (found, wanted) in _pairs(result["columns"], fresh["columns"]):
        if found != wanted:
            yield from _column_difference(name, found, wanted, result["n"])
    for key in sorted(fresh.keys() - {"columns"}):
        yield from _value_differences(result[key], fresh[key], pointer_step(key))


def _pairs(found: Json, wanted: Json) -> Iterator[tuple[str, tuple[Json, Json]]]:
    """Yield (key, (found, wanted)) of two mappings; None stands for what is missing."""
    for key in sorted(found.keys() | wanted.keys()):
        yield key, (found.get(key), wanted.get(key))


def _value_differences(found: Json, wanted: Json, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key, pair in _pairs(found, wanted):
            yield from _value_differences(*pair, at + pointer_step(key))
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        for number, pair in enumerate(zip(found, wanted, strict=True)):
            yield from _value_differences(*pair, f"{at}/{number}")
    elif not _same(found, wanted):
        yield at, f"{found}, but its responses give {wanted}"


def _same(found: Json, wanted: Json) -> bool:
    if isinstance(found, float) and isinstance(wanted, float):
        return abs(found - wanted) <= TOLERANCE
    return bool(found == wanted)


def _column_difference(name: str, found: Json, wanted: Json, n: int) -> Iterator[tuple[str, str]]:
    """Compare two packed columns: exactly, or within the last digit of a 32-bit float."""
    at = f"/columns/{name}"
    if found is None or wanted is None:
        yield at, "is missing" if found is None else "does not come from its responses"
        return
    pair = unpack(name, found, n), unpack(name, wanted, n)
    near = np.isclose(*pair, rtol=LAST_DIGIT, atol=0)
    if not near.all():
        first = int(np.flatnonzero(~near)[0])
        yield at, f"{(~near).sum()} of {n} items differ from what its responses give, first {first}"
