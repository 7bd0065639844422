"""Models that a script taught, a real encoder and a tiny T5: from their files to their place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from conftest_e2e import evaluator as apart
from made_kinds import evaluator
from trained import TOPICS, teach_banking77, teach_t5

from evaluator.board.publish import read_site
from evaluator.board.publish.task import task_board
from evaluator.core.errors import EvaluatorError

from .forge.hub import Hub

HOME = "submissions/acme/intents"
REVISION = "77" * 20
FACTS = (
    "--name", "acme/intents", "--kind", "classifier", "--task", "banking77", "--trained-on",
    "banking77", "--licence", "Apache-2.0", "--training-data", "The train split of BANKING77.",
    "--maintainer", "ada", "--suite", "bank", "--tree", "submissions",
)  # fmt: skip


def ask_for(tree: Path, task: str) -> None:
    """Let the home suite of a tree be one task."""
    path = tree / "board.yaml"
    board = yaml.safe_load(path.read_text())
    areas = {"intents": [{"task": task, "reason": "What a customer wants."}]}
    board["suites"] = {"bank": {"title": "Bank", "summary": "One task.", "areas": areas}}
    board["home"] = "bank"
    path.write_text(yaml.safe_dump(board))


@pytest.mark.parametrize(
    ("each", "limit", "least"),
    [(6, 77, 0.7), pytest.param(1000, 0, 0.85, marks=pytest.mark.heavy)],
)
def test_a_taught_encoder_goes_over_the_hub_to_its_place(
    tree: Path, real_data: None, monkeypatch: pytest.MonkeyPatch, each: int, limit: int,
    least: float,
) -> None:  # fmt: skip
    ask_for(tree, "banking77")
    monkeypatch.chdir(tree.parent)
    teach_banking77(Path("model"), each)
    with pytest.raises(EvaluatorError, match="hf upload acme/intents build/upload/acme--intents"):
        evaluator("submit", "model", *FACTS)
    with Hub("acme/intents", REVISION, Path("build/upload/acme--intents").resolve()) as hub:
        evaluator("submit", f"acme/intents@{REVISION}", *FACTS)
        evaluator("check", HOME)
        few = ("--limit", str(limit)) if limit else ()
        far = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tree.parent), "NO_PROXY": "127.0.0.1"}
        apart("run", HOME, *few, cwd=tree.parent, **far)
    at = Path("build/partial/acme/intents" if limit else HOME)
    (path,) = at.glob("results/banking77/*/????????.json")
    found = json.loads(path.read_text())
    assert found["method"] == "head"
    assert found["model"]["parameters"] > 22_000_000
    assert found["metrics"]["accuracy"]["value"] > least
    if not limit:
        assert found["metrics"]["accuracy"]["n"] == 3080
        hold_its_place(tree)


def hold_its_place(tree: Path) -> None:
    """Hold the row of the ranking and the mark on the task's own board."""
    evaluator("check", HOME)
    ranked = json.loads(evaluator("rank", "--tree", tree, "--json"))
    (row,) = [row for row in ranked["ranked"] if row["model"] == "acme/intents"]
    assert row["best_rank"] == 1
    (shown,) = task_board(read_site(tree), "banking77")
    assert (shown["method"], shown["trained"]) == ("head", True)


@pytest.mark.heavy
def test_a_t5_that_a_script_teaches_goes_to_its_place(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_for(tree, TOPICS)
    monkeypatch.chdir(tmp_path)
    teach_t5(Path("model"))
    home = "submissions/acme/tiny-t5"
    evaluator(
        "submit", "model", "--name", "acme/tiny-t5", "--kind", "seq2seq", "--licence", "MIT",
        "--training-data", "Messages of another seed.", "--maintainer", "ada", "--suite", "bank",
    )  # fmt: skip
    evaluator("check", home)
    evaluator("run", home)
    (path,) = Path(home).glob(f"results/{TOPICS}/*/????????.json")
    found = json.loads(path.read_text())
    assert found["method"] == "loglikelihood"
    assert found["metrics"]["accuracy"]["value"] > 0.9
    (row,) = [
        row
        for row in json.loads(evaluator("rank", "--json"))["ranked"]
        if row["model"] == "acme/tiny-t5"
    ]
    assert row["kind"] == "seq2seq"
