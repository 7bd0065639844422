"""Check one result that follows its schema: does it contradict itself, its lock, its responses?"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from pathlib import Path

from evaluator.board.suites import Season
from evaluator.core.errors import EvaluatorError, Fault, ScoreError, counted
from evaluator.core.files import Json, hash_json
from evaluator.core.records import Items, Metric
from evaluator.core.safe_yaml import pointer_step
from evaluator.measure.manifest import read_lock
from evaluator.measure.method import metrics_of
from evaluator.measure.responses import kept_lines, parse_response
from evaluator.measure.result import (
    data_hashes,
    items_of,
    recompute_key,
    recompute_tables,
    responses_path,
    result_path,
)
from evaluator.measure.score import canonical, interval_of, primary_score
from evaluator.tasks import load_task, locked_request_set, task_names

Tell = Callable[[str, str], Fault]
"""(pointer, message) -> fault of the result at hand."""


COUNT = 1e-3
"""Two sums of items that are right differ by less, if they are the same."""


def check_result(
    root: Path,
    path: str,
    result: Json,
    *,
    taken_down: bool = False,
    seasons: Sequence[Season] = (),
) -> list[Fault]:
    """Return everything in a result that cannot be.

    Args:
        root: the folder submissions/.
        path: where the result stands below it.
        result: its content.
        taken_down: a decision has removed its responses.
        seasons: all of the board; a task that is retired is held to what they froze of it.
    """

    def tell(pointer: str, message: str) -> Fault:
        return Fault(path, 0, pointer, message)

    faults = []
    if "partial" in result:
        shown = result["partial"]
        message = f"{shown['limit']} of {shown['of']} items: partial runs are never committed"
        faults.append(tell("/partial", message))
    try:
        datetime.strptime(result["run"]["started"], "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        faults.append(tell("/run/started", f"{result['run']['started']} is no day and time"))
    if result["protocol"] != "board":
        message = f"protocol {result['protocol']} compares with another harness; never committed"
        faults.append(tell("/protocol", message))
    task = result["task"]["name"]
    place = result_path(Path(), result).as_posix()
    if not re.fullmatch(re.escape(place.removesuffix(".json")) + r"(\.s[0-9]+)?\.json", path):
        faults.append(tell("", f"by its own content it belongs at {place}"))
    if recompute_key(result) != result["key"]:
        faults.append(tell("/key", "is not the hash of its parts"))
    faults += _check_lock(root / path, result, tell)
    faults += [] if taken_down else _check_responses(root / path, result, tell)
    told, items = _check_tables(result, tell)
    faults += told
    if task not in task_names():
        return faults + _check_retired(task, result, seasons, tell)
    faults += _check_request_set(task, result, tell)
    return faults + (_check_metrics(task, items, result, tell) if items else [])


def _check_retired(task: str, result: Json, seasons: Sequence[Season], tell: Tell) -> list[Fault]:
    """Hold a result of a task that is no longer here to what some season froze of it."""
    frozen = [season.asked[task] for season in seasons if task in season.asked]
    if not frozen:
        message = f"no task {task!r}, and no season has ever asked it"
        return [tell("/task/name", message)]
    wanted = [asked.requests_for(result["method"]) for asked in frozen]
    if result["request_set"] not in [asdict(found) for found in wanted if found]:
        message = f"no season that asked {task} froze this request set"
        return [tell("/request_set", message)]
    return []


def _check_lock(path: Path, result: Json, tell: Tell) -> list[Fault]:
    lock = path.parents[3] / "lock.json"
    if not lock.exists():
        return [tell("/model/manifest", "the submission has no lock.json")]
    try:
        locked = read_lock(lock)
    except EvaluatorError as error:
        return [tell("/model/manifest", str(error))]
    if locked != result["model"]["manifest"]:
        return [tell("/model/manifest", "is not the manifest in lock.json")]
    return []


def _check_request_set(task: str, result: Json, tell: Tell) -> list[Fault]:
    """Compare with tasks/lock.json, if the result belongs to the present version of the task."""
    locked = locked_request_set(task, result["method"])
    found = result["request_set"]
    faults = []
    if found["n"] != result["n"]:
        faults.append(tell("/n", f"{result['n']}, but the request set has {found['n']} items"))
    version = load_task(task).version
    if result["task"]["version"] > version:
        message = f"{task} has no version {result['task']['version']}; the newest is {version}"
        return [*faults, tell("/task/version", message)]
    if locked is None or result["task"]["version"] != version:
        return faults
    for key in ("sha256", "items_sha256", "gold_sha256", "n", "requests", "baseline"):
        wanted = getattr(locked, key)
        if found[key] != wanted:
            message = f"{found[key]} is not {wanted}, which tasks/lock.json holds for {task}"
            faults.append(tell(f"/request_set/{key}", message))
    if result["data"] != data_hashes(load_task(task)):
        faults.append(tell("/data", f"is not the pinned data of {task}"))
    return faults


def _check_responses(path: Path, result: Json, tell: Tell) -> list[Fault]:
    packed = responses_path(path)
    if not result["responses"]["kept"]:
        return [tell("/responses/kept", "false, but the file is there")] if packed.exists() else []
    if not packed.exists():
        return [tell("/responses/kept", f"{packed.name} is missing")]
    digest, asked = hashlib.sha256(), []
    try:
        for line in kept_lines(packed):
            digest.update(line)
            asked.append(parse_response(line).item)
    except (ScoreError, ValueError) as error:
        return [tell("/responses", str(error))]
    if digest.hexdigest() != result["responses"]["sha256"]:
        return [tell("/responses/sha256", f"is not the hash of {packed.name}")]
    items = [item for item, _ in groupby(asked)]
    if hash_json(items) != result["request_set"]["items_sha256"]:
        message = f"{packed.name} answers other items than the request set asks"
        return [tell("/request_set/items_sha256", message)]
    return []


def _check_tables(result: Json, tell: Tell) -> tuple[list[Fault], Items | None]:
    """Recompute the tables from the columns; return the faults, and the items if none is broken."""
    try:
        items = items_of(result)
        faults = _check_columns(items, tell)
        if faults:
            return faults, None
        classes, confusion = recompute_tables(result)
    except (ValueError, IndexError) as error:
        return [tell("/columns", str(error))], None
    if classes != result["classes"]:
        faults.append(tell("/classes", "do not follow from the columns"))
    if confusion != result["confusion"]:
        faults.append(tell("/confusion", "does not follow from the columns"))
    return faults, items


def _check_metrics(task: str, items: Items, result: Json, tell: Tell) -> list[Fault]:
    """Hold the metrics to their ranges, and those of the columns to what they give."""
    faults: list[Fault] = []
    known = load_task(task)
    ranges = {metric.name: sorted((metric.worst, metric.best)) for metric in known.metrics}
    for name, found in result["metrics"].items():
        least, most = ranges.get(name, (-math.inf, math.inf))
        if not least <= found["low"] <= found["high"] <= most:
            faults.append(tell(f"/metrics/{name}", f"leaves its range, {least:g} to {most:g}"))
        if not found["low"] <= found["value"] <= found["high"]:
            faults.append(tell(f"/metrics/{name}", "value is outside its interval"))
        if found["n"] != result["n"]:
            faults.append(tell(f"/metrics/{name}/n", f"{found['n']} is not n = {result['n']}"))
    if result["primary"] not in result["metrics"]:
        faults.append(tell("/primary", f"{result['primary']!r} is not among the metrics"))
    if result["scorer"] != known.scorer:
        return faults  # another scorer's numbers are not ours to recompute
    known_metrics = metrics_of(known, result["method"])
    wanted = {metric.name for metric in known_metrics}
    if set(result["metrics"]) != wanted:
        faults.append(tell("/metrics", f"must be {', '.join(sorted(wanted))}"))
        return faults
    for metric in known_metrics:
        if metric.tier == "items" or metric is known.primary:
            faults += _check_metric(metric, metric is known.primary, items, result, tell)
    return faults + _check_groups(known.primary, items, result, tell)


def _check_groups(primary: Metric, items: Items, result: Json, tell: Tell) -> list[Fault]:
    """Hold groups to what can be told without the test data.

    A result does not say which item is in which group, but together they are right as often as all
    items are.
    """
    groups = result["groups"]
    faults = [
        tell(f"/groups{pointer_step(name)}", "value is outside its interval")
        for name, found in groups.items()
        if not found["low"] <= found["value"] <= found["high"]
    ]
    n = sum(found["n"] for found in groups.values())
    if n > result["n"]:
        faults.append(tell("/groups", f"hold {counted(n, 'item')}, and the task has {result['n']}"))
    score = primary_score(primary, items)
    if n == result["n"] and score.proportion:
        right = sum(found["value"] * found["n"] for found in groups.values())
        if abs(right - score.value * n) > COUNT:
            wanted = round(score.value * n)
            faults.append(tell("/groups", f"{right:g} right together, but the items give {wanted}"))
    return faults


def _check_columns(items: Items, tell: Tell) -> list[Fault]:
    columns = items.columns
    if "gold" in columns:
        k = len(items.labels)
        for name in ("pred", "gold"):
            if columns[name].max() >= k or (name == "gold" and columns[name].min() < 0):
                return [tell(f"/columns/{name}", f"names a class past the {k} declared")]
        if ((columns["pred"] == columns["gold"]) != (columns["correct"] == 1)).any():
            return [tell("/columns/correct", "does not follow from pred and gold")]
    return []


def _check_metric(
    metric: Metric, primary: bool, items: Items, result: Json, tell: Tell
) -> list[Fault]:
    score = primary_score(metric, items) if primary else metric.compute(items)
    stderr, low, high = interval_of(metric, score, items.clusters)
    wanted = {
        "value": canonical(score.value),
        "stderr": None if math.isnan(stderr) else canonical(stderr),
        "low": canonical(low),
        "high": canonical(high),
    }
    found = result["metrics"][metric.name]
    return [
        tell(f"/metrics/{metric.name}/{key}", f"{found[key]}, but its items give {value}")
        for key, value in wanted.items()
        if not _same(found[key], value)
    ]


def _same(found: float | None, wanted: float | None) -> bool:
    if found is None or wanted is None:
        return found == wanted
    return abs(found - wanted) <= 1e-9
