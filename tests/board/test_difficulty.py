"""How many of the strong models get each item of a task right."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from evaluator.board.cells import Cell, find_cell
from evaluator.board.difficulty import difficulty
from evaluator.board.publish.task import hard_data
from evaluator.board.submissions import read_tree
from evaluator.core.columns import pack, unpack
from evaluator.tasks import load_task


def cells(root: Path, task: str) -> list[Cell]:
    tree = read_tree(root)
    return [find_cell(tree, entry, task) for entry in tree.entries]


def test_items_are_counted_by_the_models_that_get_them_right(tmp_path):
    """The three starter models beat the guesser at writing; two of them get three items of 200."""
    root = tmp_path / "submissions"
    shutil.copytree(ROOT / "submissions", root)
    known, task = cells(root, "starter_generation"), load_task("starter_generation")
    times = [0] * 200
    for name in ("large", "medium", "small"):
        [path] = (root / f"starter/{name}/results/starter_generation").rglob("*.json")
        right = unpack("correct", json.loads(path.read_text())["columns"]["correct"], 200)
        times = [n + int(value) for n, value in zip(times, right, strict=True)]
    counted = difficulty(root, known, task)
    assert counted == [times.count(n) for n in range(4)]
    assert sum(counted) == 200
    assert counted[0] > 0

    result = json.loads(path.read_text())  # a model that gets all right moves every item up
    result["columns"]["correct"] = pack("correct", np.ones(200))
    path.write_text(json.dumps(result))
    assert difficulty(root, known, task)[0] == 0


def test_guessers_tell_nothing():
    root = ROOT / "submissions"
    assert difficulty(root, cells(root, "starter_choice"), load_task("starter_choice")) is None
    assert hard_data(None) is None


def test_a_task_whose_items_are_not_right_or_wrong_has_no_such_count(tmp_path):
    root = tmp_path / "submissions"
    shutil.copytree(ROOT / "submissions", root)
    known, task = cells(root, "starter_generation"), load_task("starter_generation")
    [path] = (root / "starter/small/results/starter_generation").rglob("*.json")
    result = json.loads(path.read_text())
    del result["columns"]["correct"]
    path.write_text(json.dumps(result))
    assert difficulty(root, known, task) is None


@pytest.mark.parametrize(
    ("models", "ends"),
    [
        (3, [(0, 0), (1, 1), (2, 2), (3, 3)]),
        (5, [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]),
        (20, [(0, 0), (1, 4), (5, 9), (10, 14), (15, 19), (20, 20)]),
    ],
)
def test_none_and_all_stand_alone_between_few_rows(models, ends):
    counts = list(range(models + 1))
    shown = hard_data(counts)
    assert [(row["low"], row["high"]) for row in shown["rows"]] == ends
    assert [row["items"] for row in shown["rows"]] == [sum(range(a, b + 1)) for a, b in ends]
    assert (shown["models"], shown["n"]) == (models, sum(counts))
