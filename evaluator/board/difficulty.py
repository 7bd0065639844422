"""How hard the items of a task are: how many of the strong models get each one right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evaluator.board.agreement import LEAST, right_of, strong
from evaluator.board.cells import Cell
from evaluator.board.submissions import read_again
from evaluator.core.records import Task

MOST = 20
"""Most models that are counted: the best ones."""


def difficulty(root: Path, cells: Sequence[Cell], task: Task) -> list[int] | None:
    """Return how many items exactly 0, 1, ... of the strong models get right.

    Strong: the best twenty of those that are proven better than the trivial guesser.

    Args:
        root: the folder submissions/.
        cells: what the models of a board got on the task.
        task: the task.

    Returns:
        One count more than there are strong models, their sum the number of items. None if there
        are fewer than three such models, or if the task's items are not right or wrong.
    """
    found = [read_again(root, standing) for standing in strong(cells, task, MOST)]
    if len(found) < LEAST or any("correct" not in each.result["columns"] for each in found):
        return None
    right = np.sum([right_of(each) for each in found], axis=0)
    counted: list[int] = np.bincount(right, minlength=len(found) + 1).tolist()
    return counted
