"""What the page of a task shows: how it is asked, and every model on it."""

from __future__ import annotations

import math

from evaluator.board.agreement import agreed_wrong
from evaluator.board.cells import Cell
from evaluator.board.difficulty import difficulty
from evaluator.board.publish.site import Site, once
from evaluator.board.publish.values import slug
from evaluator.core.files import Json
from evaluator.core.paired import POWER_Z
from evaluator.core.records import Submission, Task
from evaluator.measure.lint import to_json
from evaluator.measure.method import can_parse
from evaluator.measure.sample import sample_of
from evaluator.tasks import built_in_names, findings_of, load_task, locked_request_set, task_names
from evaluator.tasks.varied import how_of

SHOWN = 50
"""Models that the page lists; the file of a suite lists all."""
UNITS = dict.fromkeys(("labels", "places"), "p") | dict.fromkeys(
    ("first", "longest", "choice-only"), "share"
)
"""Finding -> what it is counted in, where that is not items."""
STEPS = 4
"""Rows between the items that no model gets right and those that all do."""


def task_data(site: Site, name: str) -> Json:
    """Return what the page of a task shows: how it is asked, and every model on it."""
    task: Task = load_task(name)
    locked = locked_request_set(name)
    board = task_board(
        site, name
    )  # of all models: hundreds of megabytes if every task kept its own
    suites = [
        {"suite": suite.name, "title": suite.title, "area": area, "reason": found.reason}
        for suite in site.tree.board.suites.values()
        for part in (suite.areas, suite.waiting, suite.beside)
        for area, entries in part.items()
        for found in entries
        if found.task == name
    ]
    return {
        "task": name,
        "title": task.title,
        "version": task.version,
        "summary": task.summary,
        "kind": task.kind,
        "languages": list(task.languages),
        "licence": task.licence,
        "open_licence": task.open_licence,
        "source": task.source,
        "shots": task.n_shots,
        "stop": list(task.stop),
        "max_tokens": task.max_tokens,
        "notes": task.notes,
        "measurable": task.measurable,
        "varies": task.varies,
        "again": [
            {"task": other, "how": how_of(load_task(other))}
            for other in task_names()
            if other.startswith(f"{name}_") and load_task(other).varies == name
        ],
        "built_in": name in built_in_names(),
        "sample": sample_of(name),
        "can_parse": can_parse(task),
        "primary": task.primary.name,
        "metrics": [{"name": m.name, "doc": m.doc.split("\n\n")[0]} for m in task.metrics],
        "pins": [
            {"id": p.id, "repo": p.repo, "commit": p.commit, "path": p.path, "bytes": p.bytes,
             "rows": p.rows, "licence": p.licence, "sha256": p.sha256}
            for p in task.pins
        ],
        "n": locked.n if locked else 0,
        "requests": locked.requests if locked else 0,
        "request_sha256": locked.sha256 if locked else "",
        "baseline": locked.baseline if locked else None,
        "suites": suites,
        "board": board[:SHOWN],
        "models": len(board),
        "least": least_difference(locked.n) if locked else None,
        "findings": findings(site, task),
        "hard": hard_data(difficulty(site.root, cells_of(site, name), task)),
    }  # fmt: skip


def findings(site: Site, task: Task) -> list[Json] | None:
    """Return what is known to be odd about the items of a task; None if nobody has looked.

    What its data tells is kept beside the lock; what the board's models tell is found now. `unit`
    says what value and expected are: items, a probability or a share.
    """
    kept = findings_of(task.name)
    if kept is None:
        return None
    agreed = agreed_wrong(site.root, cells_of(site, task.name), task)
    rows = [*kept, *to_json([agreed] if agreed else [])]
    return [{"unit": UNITS.get(row["name"], "items"), "model": "", **row} for row in rows]


def cells_of(site: Site, name: str) -> list[Cell]:
    """Return what every model got on a task."""
    return [cells[name] for cells in site.cells.values() if name in cells]


def hard_data(counts: list[int] | None) -> Json | None:
    """Return {models, n, rows}: a row is so many items that `low` to `high` models get right.

    Args:
        counts: items that 0, 1, ... of the models get right; None if nobody can tell.
    """
    if counts is None:
        return None
    models = len(counts) - 1
    ends = sorted({0, *(1 + (models - 1) * step // STEPS for step in range(STEPS)), models})
    rows = [
        {"low": low, "high": high - 1, "items": sum(counts[low:high])}
        for low, high in zip(ends, [*ends[1:], models + 1], strict=True)
    ]
    return {"models": models, "n": sum(counts), "rows": rows}


def task_board(site: Site, name: str) -> list[Json]:
    """Return every model measured on a task, the best first."""
    board = []
    for entry in site.tree.entries:
        cell = site.cells[entry.submission.id].get(name)
        if cell is not None and cell.standing is not None:
            submission = entry.submission
            facts = {
                "model": submission.id,
                "slug": slug(submission.id),
                "title": submission.title,
                "organisation": submission.organisation,
                "parameters": cell.standing.result["model"]["parameters"],
                "method": cell.standing.result["method"],
                "engine": cell.standing.result["model"].get("engine", ""),
                "trained": is_trained_on(submission, name),
            }
            board.append({**facts, **site.numbers[submission.id][name]})
    return sorted(board, key=lambda row: (-row["skill"], row["model"]))


def is_trained_on(submission: Submission, task: str) -> bool:
    """Tell whether a model saw the train split of a task, or of the one that it varies."""
    return (load_task(task).varies or task) in submission.trained_on


def least_difference(n: int, differing: float = 1 / 3) -> float:
    """Return the smallest difference in points that n items show between two models.

    `smallest_difference` of evaluator/core/paired.py for right or wrong, if the models differ on
    such a share of the items.
    """
    return 100 * POWER_Z * math.sqrt(differing / n)


@once
def tasks_data(site: Site) -> Json:
    """Return the list of all tasks."""
    return [task_data(site, name) for name in task_names()]
