"""Varied: what becomes of a model's answers when the same items are asked a little differently.

A varied task (`evaluator/tasks/varied.py`) keeps items, order and right answers of its clean task,
or asks a part of them. So a loss is a paired difference over the items that both ask, with the
interval and the test of `compare`. It stands beside the index and never enters it.
"""

from __future__ import annotations

from itertools import pairwise

from evaluator.board.cells import Cell, find_cell
from evaluator.board.compare import ALPHA, compare_values, item_values, lower_is_better
from evaluator.board.tree import Entry, Tree
from evaluator.core.columns import unpack
from evaluator.core.files import Json
from evaluator.core.paired import holm
from evaluator.core.records import Items, Task
from evaluator.core.stats import wilson
from evaluator.measure.result import items_of
from evaluator.measure.score import select
from evaluator.tasks.changes import CHANGES
from evaluator.tasks.varied import how_of

NUMBERS = ("clean", "varied", "loss", "low", "high", "p", "p_holm", "n", "changed", "turned")


def varied_of(tree: Tree, entry: Entry) -> list[Task]:
    """Return the varied tasks that a model was asked, or is to be, suite by suite."""
    wanted = [task for name, suite in tree.board.suites.items()
              if name in entry.submission.suites for task in suite.measured]  # fmt: skip
    names = dict.fromkeys((*wanted, *(task for task in tree.varied if task in entry.by_task)))
    return [tree.varied[name] for name in names if name in tree.varied]


def losses(tree: Tree, entry: Entry) -> list[Json]:
    """Return what a model loses on each varied task that asks its clean task's own items.

    Returns:
        Rows of {task, clean_task, how, family, suites, state, side, reason, clean, varied, loss,
        low, high, p, p_holm, proven, n, changed, turned}; numbers are None where there are none:
        `state` and `reason` say why, `side` (clean or varied; '' for both) whose result is lacking.
        `loss` is clean less varied over the n items that both ask, in the metric of the varied
        task, or the other way round where lower is better: above 0 the model does worse.
        `changed`: those of the n whose prompt is another; `turned`: the share of those whose answer
        (its right or wrong, where none is kept) is another. `proven`: by Holm's procedure over the
        rows.
    """
    asked = [task for task in varied_of(tree, entry) if not CHANGES[how_of(task)].split]
    rows = [_row(tree, entry, task) for task in asked]
    tested = [row for row in rows if row["p"] is not None]
    for row, adjusted in zip(tested, holm([row["p"] for row in tested]), strict=True):
        row |= {"p_holm": adjusted, "proven": adjusted < ALPHA}
    return rows


def _row(tree: Tree, entry: Entry, task: Task) -> Json:
    how = how_of(task)
    cells = {
        "clean": find_cell(tree, entry, task.varies),
        "varied": find_cell(tree, entry, task.name),
    }
    suites = [name for name, suite in tree.board.suites.items()
              if name in entry.submission.suites and task.name in suite.measured]  # fmt: skip
    row: Json = {"task": task.name, "clean_task": task.varies, "how": how,
                 "family": CHANGES[how].family, "suites": suites,
                 "state": "measured", "side": "", "reason": ""}  # fmt: skip
    row |= dict.fromkeys(NUMBERS) | {"proven": False}
    for side, cell in cells.items():
        if cell.standing is None:
            return row | {"state": cell.state, "side": side, "reason": cell.reason}
    return row | _compare(cells["clean"], cells["varied"])


def places(clean: Json, varied: Json) -> list[int] | None:
    """Return where the items of a varied result stand in its clean one, in order.

    None if the two did not ask the same items with the same right answers, scored alike. Of a part,
    the locks hold that its items are the clean task's: both are derived from the same files.
    """
    same = ["scorer", "data"] if "place" in varied["columns"] else ["scorer"]
    if any(clean[part] != varied[part] for part in same):
        return None
    if clean["task"]["version"] != varied["task"]["version"]:
        return None
    if "place" not in varied["columns"]:
        asked, again = clean["request_set"], varied["request_set"]
        parts = ("items_sha256", "gold_sha256")
        return list(range(clean["n"])) if all(asked[p] == again[p] for p in parts) else None
    found = [int(at) for at in unpack("place", varied["columns"]["place"], varied["n"])]
    rises = all(one < other for one, other in pairwise(found))
    return found if rises and found[-1] < clean["n"] else None


def _compare(clean: Cell, varied: Cell) -> Json:
    """Compare two results item by item where both asked."""
    assert clean.standing and varied.standing
    first, other = clean.standing.result, varied.standing.result
    at = places(first, other)
    if at is None:
        reason = "the two were not asked the same items, or scored apart"
        return {"state": "stale", "reason": reason}
    one, two = select(items_of(first), at), items_of(other)
    values, proportion = item_values(other["primary"], one)
    others, _ = item_values(other["primary"], two)
    found = compare_values(values, others, proportion=proportion, clusters=one.clusters)
    ends = [found["difference"], found["low"], found["high"]]
    loss, low, high = [-ends[i] for i in (0, 2, 1)] if lower_is_better(other) else ends
    return {"clean": found["a"], "varied": found["b"], "loss": loss, "low": low, "high": high,
            "p": found["p"], "n": found["n"], **turned(one, two)}  # fmt: skip


def turned(clean: Items, varied: Items) -> Json:
    """Return how many items were changed, and the share of them whose answer is another."""
    column = "pred" if "pred" in clean.columns else "correct"
    other = clean.columns[column] != varied.columns[column]
    changed = varied.columns["changed"] == 1
    n = int(changed.sum())
    return {"changed": n, "turned": float(other[changed].mean()) if n else None}


def kept(tree: Tree, entry: Entry, task: str, others: list[str]) -> Json | None:
    """Return the worst case over changes of form: what is right however it is asked.

    Args:
        tree: everything below submissions/.
        entry: the model.
        task: the clean task.
        others: varied tasks of it.

    Returns:
        {clean, worst, value, low, high, n}: `worst` is the share of items that are right in the
        clean task and in every varied one, of those that all of them ask; `value` = worst / clean,
        the share of right answers that is kept, with the 95 % Wilson interval of n = items right in
        the clean task. None where nothing is right, or a result is missing.
    """
    cells = [find_cell(tree, entry, name) for name in (task, *others)]
    results = [cell.standing.result for cell in cells if cell.standing]
    if len(results) < len(cells):
        return None
    right = []
    for result in results:
        at = places(results[0], result)
        if at is None:
            return None
        right.append(dict(zip(at, items_of(result).columns["correct"] == 1, strict=True)))
    asked = [at for at in right[0] if all(at in column for column in right)]
    n = sum(bool(right[0][at]) for at in asked)
    if not n:
        return None
    stay = sum(all(column[at] for column in right) for at in asked)
    value = stay / n
    low, high = wilson(value, n)
    return {"clean": n / len(asked), "worst": stay / len(asked), "value": value, "low": low,
            "high": high, "n": n}  # fmt: skip
