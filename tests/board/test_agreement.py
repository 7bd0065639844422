"""Items that the strong models of a board answer alike and wrongly."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import ROOT

from evaluator.board.agreement import agreed_wrong, answers_of, right_of, strong
from evaluator.board.cells import Cell, find_cell
from evaluator.board.submissions import read_tree
from evaluator.tasks import load_task

TREE = ROOT / "submissions"


def cells(task: str) -> list[Cell]:
    tree = read_tree(TREE)
    return [find_cell(tree, entry, task) for entry in tree.entries]


def test_guessers_are_not_strong():
    """The starter models only guess in starter_choice, so nothing is asked of them there."""
    assert strong(cells("starter_choice"), load_task("starter_choice")) == []
    assert agreed_wrong(TREE, cells("starter_choice"), load_task("starter_choice")) is None
    found = strong(cells("starter_generation"), load_task("starter_generation"))
    models = [standing.result["submission"] for standing in found]
    assert models == ["starter/large", "starter/medium", "starter/small"]


@pytest.mark.parametrize("name", ["starter_classification", "starter_generation"])
def test_what_is_found_is_counted_by_hand(name):
    task = load_task(name)
    found = agreed_wrong(TREE, cells(name), task)
    standings = strong(cells(name), task)
    said = [answers_of(TREE, standing, task).tolist() for standing in standings]
    right = [right_of(standing).tolist() for standing in standings]
    wrong = sum(
        len(set(answers)) == 1 and not any(rights)
        for answers, rights in zip(zip(*said, strict=True), zip(*right, strict=True), strict=True)
    )
    assert found.value == wrong
    assert found.flagged == (wrong > 0)
    assert all(name for name in found.items)


def test_two_models_say_nothing():
    known = [cell for cell in cells("starter_generation") if "starter/" in cell.standing.path][:2]
    assert agreed_wrong(TREE, known, load_task("starter_generation")) is None


def test_texts_are_read_where_they_are_kept(tmp_path):
    tree = tmp_path / "submissions"
    shutil.copytree(TREE, tree)
    for path in (tree / "starter/small/results/starter_generation").rglob("*.json"):
        result = json.loads(path.read_text())
        result["responses"]["kept"] = False
        path.write_text(json.dumps(result))
    task, read = load_task("starter_generation"), read_tree(tree)
    known = [find_cell(read, entry, task.name) for entry in read.entries]
    assert agreed_wrong(Path(tree), known, task) is None
