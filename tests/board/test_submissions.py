"""The tree of submissions is read as data: all faults at once, or what can be read without them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from evaluator.board.queue import for_planning
from evaluator.board.submissions import (
    entry_names,
    read_again,
    read_decisions,
    read_standings,
    read_tree,
)
from evaluator.core.errors import DocumentError

MODEL = "starter/small"


def decide(tree: Path, name: str, **when: str) -> Path:
    facts = {"schema": 1, "action": "annotate", "submission": MODEL, "by": "ada",
             "reason": f"the decision {name}", "date": "2026-11-01", **when}  # fmt: skip
    path = tree / "decisions" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(facts))
    return path


def test_the_faults_of_all_files_are_told_at_once(tree: Path) -> None:
    result = next((tree / MODEL).glob("results/*/*/*.json"))
    attempt = tree / MODEL / "attempts/000000000000-1.json"
    attempt.parent.mkdir()
    decision = decide(tree, "a", date="today")
    for path in (tree / MODEL / "submission.yaml", result, attempt, tree / "board.yaml"):
        path.write_text("[]")
    with pytest.raises(DocumentError) as told:
        read_tree(tree)
    found = {tree / fault.path for fault in told.value.faults}
    assert found == {
        tree / MODEL / "submission.yaml",
        tree / "board.yaml",
        result,
        attempt,
        decision,
    }


def test_a_card_that_is_no_text_is_told(tree: Path) -> None:
    (tree / MODEL / "card.md").write_bytes(b"\xff")
    with pytest.raises(DocumentError, match=r"card\.md: not UTF-8"):
        read_tree(tree)


def test_results_that_break_their_form_are_passed_over(tree: Path) -> None:
    paths = sorted(
        path.relative_to(tree).as_posix() for path in tree.glob("*/*/results/*/*/*.json")
    )
    assert [standing.path for standing in read_standings(tree)] == paths
    (tree / paths[1]).write_text("{}")
    assert [standing.path for standing in read_standings(tree)] == [paths[0], *paths[2:]]


def test_what_was_kept_in_part_is_read_again_in_full(tree: Path) -> None:
    standing = read_tree(tree, for_planning).entries[-1].results[0]
    whole = read_again(tree, standing)
    assert "columns" not in standing.result
    assert whole.result == json.loads((tree / standing.path).read_bytes())


def test_decisions_come_in_the_order_in_which_they_were_made(tree: Path) -> None:
    decide(tree, "b", time="10:00:00Z")
    decide(tree, "a", time="11:00:00Z")
    decide(tree, "d")
    decide(tree, "c", date="2026-10-31", time="12:00:00Z")
    order = ["the decision c", "the decision d", "the decision b", "the decision a"]
    assert [decision["reason"] for decision in read_decisions(tree)] == order
    assert [decision["reason"] for decision in read_tree(tree).decisions] == order


def test_a_folder_of_the_board_is_no_organisation(tree: Path) -> None:
    before = entry_names(tree)
    for folder in ("decisions", "seasons", "attestations"):
        (tree / folder / "model").mkdir(parents=True)
        (tree / folder / "model/submission.yaml").write_text("")
    assert entry_names(tree) == before == sorted(before)
