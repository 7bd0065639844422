"""Profile: fairness, robustness and explainability of a model, beside its scores.

Three numbers a suite stand in the table, each over the tasks that the board varies:

| number | says | 0 | 1 |
|---|---|---|---|
| kept | share of right answers that stay right under every change of form | none | all |
| same | share of answers that stay when the people in an item are others | none | all |
| evidence | points lost where the question is taken away | needs no question | needs it for all |

They are means over tasks of equal weight, with intervals combined from the tasks'. None of them
enters an index.
"""

from __future__ import annotations

from collections.abc import Iterable

from evaluator.board.erasure import erasures
from evaluator.board.groups import gaps
from evaluator.board.tree import Entry, Tree
from evaluator.board.varied import kept, losses
from evaluator.core.files import Json
from evaluator.core.stats import combine, wilson
from evaluator.tasks import load_task
from evaluator.tasks.changes import CHANGES
from evaluator.tasks.varied import how_of

KINDS = ("kept", "same", "evidence")
"""Columns of a table."""
QUESTION = "no_question"
"""The change that the column `evidence` is about."""


def offered(tasks: Iterable[str]) -> list[str]:
    """Return which columns the table of a suite that asks these tasks can have."""
    hows = {how_of(task) for task in map(load_task, tasks) if task.varies}
    families = {CHANGES[how].family for how in hows}
    there = {"kept": "form" in families, "same": "people" in families, "evidence": QUESTION in hows}
    return [kind for kind in KINDS if there[kind]]


def profile_of(tree: Tree, entry: Entry) -> Json:
    """Return all that is known beside a model's scores.

    Returns:
        {rows: of `losses`; worst: of `kept`, a row for each clean task with changes of form; gaps:
        of `gaps`; erased: of `erasures`; suites: suite -> {kept, same, evidence}, each {value, low,
        high, tasks} or None where nothing of the kind is measured}.
    """
    rows = losses(tree, entry)
    worst = worst_cases(tree, entry, rows)
    return {
        "rows": rows,
        "worst": worst,
        "gaps": gaps(tree, entry),
        "erased": erasures(tree, entry),
        "suites": {
            name: columns_of(rows, worst, name)
            for name in entry.submission.suites
            if any(name in row["suites"] for row in rows)
        },
    }


def worst_cases(tree: Tree, entry: Entry, rows: list[Json]) -> list[Json]:
    """Return `kept` of every clean task that is asked in another form, where all was measured."""
    forms: dict[str, list[str]] = {}
    for row in rows:
        if row["family"] == "form":
            forms.setdefault(row["clean_task"], []).append(row["task"])
    found = []
    for task, others in forms.items():
        values = kept(tree, entry, task, others)
        if values:
            suites = next(row["suites"] for row in rows if row["clean_task"] == task)
            found.append({"task": task, "changes": len(others), "suites": suites, **values})
    return found


def columns_of(rows: list[Json], worst: list[Json], suite: str) -> dict[str, Json | None]:
    """Return the numbers of one suite that its table can show."""
    here = [row for row in rows if suite in row["suites"] and row["loss"] is not None]
    people = [row for row in here if row["family"] == "people" and row["changed"]]
    question = [row for row in here if row["how"] == QUESTION]
    stayed = [1 - row["turned"] for row in people]
    ends = [wilson(value, row["changed"]) for value, row in zip(stayed, people, strict=True)]
    return {
        "kept": _mean([(w["value"], w["low"], w["high"]) for w in worst if suite in w["suites"]]),
        "same": _mean([(value, *end) for value, end in zip(stayed, ends, strict=True)]),
        "evidence": _mean([(row["loss"], row["low"], row["high"]) for row in question]),
    }


def _mean(values: list[tuple[float, float, float]]) -> Json | None:
    if not values:
        return None
    value, low, high = combine([(1 / len(values), *one) for one in values])
    return {"value": value, "low": low, "high": high, "tasks": len(values)}
