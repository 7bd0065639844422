"""Agreed and wrong: items that all strong models answer alike, and not as the board says is right.

Such an item is a trap that all fall into, or its right answer is wrong. A person has to look.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evaluator.board.cells import Cell
from evaluator.board.compare import item_ids
from evaluator.board.submissions import read_again
from evaluator.board.tree import Standing
from evaluator.core.columns import unpack
from evaluator.core.records import Task
from evaluator.measure.lint import Finding, count
from evaluator.measure.rescore import read_responses
from evaluator.tasks import locked_request_set

STRONG = 5
"""Most models that are asked for their answers: the best ones."""
LEAST = 3
"""Fewer than these agree by chance too often to say anything."""


def agreed_wrong(root: Path, cells: Sequence[Cell], task: Task) -> Finding | None:
    """Return the items that the strong models answer alike and wrongly.

    Strong: the best five of those that are proven better than the trivial guesser.

    Args:
        root: the folder submissions/.
        cells: what the models of a board got on the task.
        task: the task.

    Returns:
        None if fewer than three strong models have kept what they answered.
    """
    said = [
        (answers, standing)
        for standing in (read_again(root, found) for found in strong(cells, task))
        if (answers := answers_of(root, standing, task)) is not None
    ]
    if len(said) < LEAST:
        return None
    first = said[0][1]
    alike = np.all([answers == said[0][0] for answers, _ in said], axis=0)
    at = np.flatnonzero(alike & ~right_of(first))
    ids = item_ids(root, first) if len(at) else []
    return count("agreed-wrong", [ids[i] if ids else str(i) for i in at])


def strong(cells: Sequence[Cell], task: Task, most: int = STRONG) -> list[Standing]:
    """Return the official results of the strong models, best first, that answer the same items."""
    locked = locked_request_set(task.name)
    if locked is None:
        return []
    up = task.primary.best > locked.baseline
    proven = [
        (-cell.skill, cell.standing.path, cell.standing)
        for cell in cells
        if cell.standing
        and (cell.low > locked.baseline if up else cell.high < locked.baseline)
        and cell.standing.result["request_set"]["items_sha256"] == locked.items_sha256
    ]
    return [standing for *_, standing in sorted(proven, key=lambda found: found[:2])[:most]]


def right_of(standing: Standing) -> np.ndarray:
    """Return (n,) booleans: which items a result got right."""
    result = standing.result
    right: np.ndarray = unpack("correct", result["columns"]["correct"], result["n"]) == 1
    return right


def answers_of(root: Path, standing: Standing, task: Task) -> np.ndarray | None:
    """Return the (n,) answers of a result: the choice, or what was read out of the text.

    None where neither is kept.
    """
    result = standing.result
    if "pred" in result["columns"]:
        found: np.ndarray = unpack("pred", result["columns"]["pred"], result["n"])
        return found
    if task.kind != "generation" or not result["responses"]["kept"]:
        return None
    written = read_responses(root / standing.path, result)
    return np.array([task.extract(response.text) for response in written])
