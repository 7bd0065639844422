"""A mended scorer or a new metric scores kept responses anew, without a model."""

from __future__ import annotations

import json

from made_changes import change_task
from typer.testing import CliRunner

from evaluator.board.cells import find_cell
from evaluator.board.check import check_tree
from evaluator.board.queue import plan
from evaluator.board.rescoring import moves_between, numbers_text
from evaluator.board.submissions import read_tree
from evaluator.cli import app
from evaluator.metrics.choice import acc, acc_norm

TASK = "starter_choice"


def score(tree, *words: str):
    return CliRunner().invoke(app, ["score", *words, "--tree", str(tree)])


def test_all_kept_responses_give_the_committed_numbers(tree):
    done = score(tree, "--all")
    assert done.exit_code == 0, done.output
    assert done.output.count(": equal") == 20
    assert "nothing to score anew" in score(tree).output


def test_another_primary_metric_moves_scores_and_tells_by_how_much(tree, monkeypatch):
    before = {e.submission.id: find_cell(read_tree(tree), e, TASK) for e in read_tree(tree).entries}
    change_task(monkeypatch, TASK, scorer=2, metrics=(acc, acc_norm), primary=acc_norm,
                length=len)  # fmt: skip
    done = score(tree)
    assert done.exit_code == 0, done.output
    written = sorted(tree.glob(f"*/*/results/{TASK}/*/*.s2.json"))
    assert len(written) == 5
    assert "| starter/small | starter_choice | brier |" in done.output  # a metric that is gone
    read = read_tree(tree)
    assert plan(read) == [] and check_tree(tree) == []
    for entry in read.entries:
        cell, old = find_cell(read, entry, TASK), before[entry.submission.id].standing
        assert cell.standing and cell.standing.path.endswith(".s2.json") and old
        assert cell.value == old.result["metrics"]["acc_norm"]["value"]
    assert score(tree, "--all").output.count("scored anew already") == 5


def test_a_scorer_mended_twice_scores_each_run_once_and_tells_what_it_moved_last(tree, monkeypatch):
    change_task(monkeypatch, TASK, scorer=2)
    assert score(tree).exit_code == 0
    change_task(monkeypatch, TASK, scorer=3, metrics=(acc, acc_norm), primary=acc_norm,
                length=len)  # fmt: skip
    assert {work.reason for work in plan(read_tree(tree))} == {"scored by 2, now 3"}
    done = score(tree)
    assert done.exit_code == 0, done.output
    assert done.output.count(".s3.json: scored anew") == 5
    assert done.output.count("scored anew already") == 5  # the first of each run, by scorer 1
    assert done.output.count("| starter/small | starter_choice | brier |") == 1
    assert plan(read_tree(tree)) == []


def test_only_the_named_submission_is_scored(tree, monkeypatch):
    change_task(monkeypatch, TASK, scorer=2)
    done = CliRunner().invoke(app, ["score", str(tree / "starter/small")])
    assert done.exit_code == 0 and done.output.count("scored anew") == 1
    assert {work.submission for work in plan(read_tree(tree))} == {
        "baseline/majority", "baseline/random", "starter/large", "starter/medium",
    }  # fmt: skip


def test_numbers_that_its_responses_do_not_give_are_told(tree):
    (path,) = (tree / "starter/small/results" / TASK).glob("*/*.json")
    result = json.loads(path.read_text())
    result["metrics"]["brier"]["value"] += 0.01
    path.write_text(json.dumps(result))
    done = score(tree, "--all")
    assert done.exit_code == 1
    assert done.output.count(": equal") == 19


def test_what_moved_is_markdown_for_the_changelog():
    def result(**metrics: float):
        return {"submission": "org/m", "task": {"name": "t"}, "responses": {"sha256": "ab" * 32},
                "metrics": {name: {"value": value} for name, value in metrics.items()}}  # fmt: skip

    moves = list(moves_between(result(acc=0.5, old=1.0), result(acc=0.525, new=0.25)))
    assert numbers_text(moves) == (
        "| model | task | metric | before | now | by |\n"
        "|---|---|---|---|---|---|\n"
        "| org/m | t | acc | 50.00 | 52.50 | +2.50 |\n"
        "| org/m | t | new | none | 25.00 |  |\n"
        "| org/m | t | old | 100.00 | none |  |\n"
    )
    assert numbers_text([]) == "No published number moves.\n"
