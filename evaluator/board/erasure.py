"""Erasure: which word or sentence moved an answer.

A task `<task>_erased` asks a few items whole, then without one part after another (`erase` in
`evaluator/tasks/changes/evidence.py`). What the right answer's probability loses without a part is
how much the part spoke for it. Li, Monroe and Jurafsky 2016, arXiv 1612.08220.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np

from evaluator.board.cells import find_cell
from evaluator.board.tree import Entry, Tree
from evaluator.board.varied import varied_of
from evaluator.core.errors import EvaluatorError
from evaluator.core.files import Json
from evaluator.core.records import Items
from evaluator.core.stats import wilson
from evaluator.measure.data import at_hand, load_examples
from evaluator.measure.result import items_of
from evaluator.tasks import load_task
from evaluator.tasks.changes import CHANGES
from evaluator.tasks.changes.evidence import ITEMS, units
from evaluator.tasks.protocol import take_items
from evaluator.tasks.varied import how_of


def erasures(tree: Tree, entry: Entry) -> list[Json]:
    """Return what moved a model's answers, task by task, where it was asked.

    Returns:
        Rows of {task, clean_task, n, decisive, low, high, items}. `decisive`: of the n items that
        are right whole, the share that one part taken away turns wrong, with its 95 % Wilson
        interval (None if none is right). `items`: see `read_items`, with `texts` (its parts in
        order, None where the test data is not at hand or its licence forbids showing them).
    """
    found = []
    for task in varied_of(tree, entry):
        cell = find_cell(tree, entry, task.name)
        if CHANGES[how_of(task)].split and cell.standing:
            items = read_items(items_of(cell.standing.result))
            texts = texts_of(task.varies, cell.standing.result["request_set"]["items_sha256"])
            for number, item in enumerate(items):
                item["texts"] = texts[number] if number < len(texts) else None
            row = {"task": task.name, "clean_task": task.varies, "items": items}
            found.append(row | decisive(items))
    return found


def read_items(items: Items) -> list[Json]:
    """Return each item as {right, p, drops}, from the columns of a result.

    `p`: probability of the right answer, item whole; `drops`: part by part, what p loses without it
    (below 0 the part spoke against the right answer); `turns`: whether the answer turns wrong.
    """
    found = []
    starts = [*np.flatnonzero(items.columns["changed"] == 0).tolist(), items.n]
    p, right = items.columns["p_gold"], items.columns["correct"] == 1
    for start, end in pairwise(starts):
        found.append(
            {
                "right": bool(right[start]),
                "p": float(p[start]),
                "drops": [float(p[start] - p[at]) for at in range(start + 1, end)],
                "turns": [bool(right[start] and not right[at]) for at in range(start + 1, end)],
            }
        )
    return found


def decisive(items: list[Json]) -> Json:
    """Return the share of right items that hang on a single part: {n, decisive, low, high}."""
    right = [item for item in items if item["right"]]
    if not right:
        return {"n": 0, "decisive": None, "low": None, "high": None}
    value = sum(any(item["turns"]) for item in right) / len(right)
    low, high = wilson(value, len(right))
    return {"n": len(right), "decisive": value, "low": low, "high": high}


@cache
def texts_of(name: str, items_sha256: str) -> tuple[tuple[str, ...], ...]:
    """Return the parts of each item of a task that are taken away, as they read; () if unknown.

    The text between two parts goes with the first. Nothing is fetched for it.

    Args:
        name: the clean task.
        items_sha256: what the result says of its items; texts are kept for each.
    """
    task = load_task(name)
    if not task.open_licence or not at_hand(task):
        return ()
    try:
        examples = load_examples(task)
    except EvaluatorError:
        return ()
    found = []
    for example in take_items(task, examples, ITEMS).test:
        spans = units(example)
        ends = [*(start for start, _ in spans[1:]), spans[-1][1]] if spans else []
        found.append(
            tuple(example.question[span[0] : end] for span, end in zip(spans, ends, strict=True))
        )
    return tuple(found)
