"""Robustness: what a model loses when the same items are asked a little differently.

A varied task (`evaluator/tasks/varied.py`) keeps items, order and right answers of its clean task.
So the loss is a paired difference, item by item, with the interval and the test of `compare`. It
stands beside the index and never enters it.
"""

from __future__ import annotations

from evaluator.board.compare import ALPHA, compare_values, item_values, lower_is_better
from evaluator.board.ranking import Cell, find_cell
from evaluator.board.submissions import Entry, Tree
from evaluator.core.files import Json
from evaluator.core.paired import holm
from evaluator.measure.result import items_of
from evaluator.tasks import load_task, task_names


def varied_of(tree: Tree, entry: Entry) -> dict[str, str]:
    """Return varied task -> clean task, of those that a model was asked."""
    wanted = {task for name, suite in tree.board.suites.items()
              if name in entry.submission.suites for task in suite.measured}  # fmt: skip
    known = [load_task(task) for task in task_names() if task in wanted or task in entry.by_task]
    return {task.name: task.varies for task in known if task.varies}


def losses(tree: Tree, entry: Entry) -> list[Json]:
    """Return what a model loses on each varied task that it was asked.

    Returns:
        Rows of {task, clean_task, state, reason, clean, varied, loss, low, high, p, p_holm,
        proven}; numbers are None where a side has none. `loss` is clean less varied, or the other
        way round where lower is better: above 0 the model does worse. `proven`: by Holm's procedure
        over the rows.
    """
    rows = [_row(tree, entry, task, clean) for task, clean in varied_of(tree, entry).items()]
    tested = [row for row in rows if row["p"] is not None]
    for row, adjusted in zip(tested, holm([row["p"] for row in tested]), strict=True):
        row |= {"p_holm": adjusted, "proven": adjusted < ALPHA}
    return rows


def _row(tree: Tree, entry: Entry, task: str, clean: str) -> Json:
    cells = {"clean": find_cell(tree, entry, clean), "varied": find_cell(tree, entry, task)}
    row: Json = {"task": task, "clean_task": clean, "state": "measured", "reason": ""}
    row |= dict.fromkeys(("clean", "varied", "loss", "low", "high", "p", "p_holm"))
    row["proven"] = False
    for side, cell in cells.items():
        if cell.standing is None:
            state = {"state": cell.state, "reason": f"{side}: {cell.reason}"}
            return row | state
    return row | _compare(cells["clean"], cells["varied"])


def _compare(clean: Cell, varied: Cell) -> Json:
    """Compare two results of the same items item by item."""
    assert clean.standing and varied.standing
    first, other = clean.standing.result, varied.standing.result
    same = all(first["request_set"][part] == other["request_set"][part]
               for part in ("items_sha256", "gold_sha256"))  # fmt: skip
    if not same or first["scorer"] != other["scorer"]:
        return {
            "state": "stale",
            "reason": "the two were not asked the same items, or scored apart",
        }
    values, proportion = item_values(first)
    others, _ = item_values(other)
    found = compare_values(values, others, proportion=proportion, clusters=items_of(first).clusters)
    ends = [found["difference"], found["low"], found["high"]]
    loss, low, high = [-ends[i] for i in (0, 2, 1)] if lower_is_better(first) else ends
    return {"clean": found["a"], "varied": found["b"], "loss": loss, "low": low, "high": high,
            "p": found["p"]}  # fmt: skip
