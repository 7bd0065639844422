"""Plan: what stands on main decides what a run does, and nothing in it can be misread."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from made import submission

from evaluator.board.cells import find_cell
from evaluator.board.queue import Pending
from evaluator.board.submissions import read_tree
from evaluator.ci.handed import leg
from evaluator.ci.plan import MOST_SHARDS, MOST_TRIES, cut_legs, matrices, plan_run
from evaluator.core.errors import DocumentError, EvaluatorError
from evaluator.tasks import locked_request_set

MONTH = "2026-11"
NAME = "starter/small"


def forget(tree: Path, task: str) -> None:
    """Remove the results of the small starter model on a task; '' removes all, and its lock."""
    shutil.rmtree(tree / NAME / "results" / task)
    if not task:
        (tree / NAME / "lock.json").unlink()


def test_nothing_is_planned_where_nothing_is_missing(tree: Path) -> None:
    work = plan_run(tree, "", MONTH)
    assert not (work.measure or work.fetch or work.submissions or work.served)
    assert "Nothing to do" in work.told


def test_what_is_missing_becomes_a_leg_of_every_job(tree: Path) -> None:
    forget(tree, "starter_choice")
    work = plan_run(tree, "", MONTH)
    assert [part.id for part in work.submissions] == [NAME]
    assert [(part.id, part.shard, part.part) for part in work.measure] == [(NAME, "1/1", "1-of-1")]
    assert [part.name for part in work.fetch] == ["starter_small"]
    assert not work.new, "its files were locked before: it was approved once"
    found = matrices(work)
    assert set(found) == {"measure", "served", "fetch", "submissions", "new"}
    assert all(re.fullmatch(r"[a-z0-9.@/_-]*", v) for leg in found["measure"] for v in leg.values())


def test_a_model_without_a_lock_waits_for_people(tree: Path) -> None:
    forget(tree, "")
    assert plan_run(tree, "", MONTH).new


def test_one_submission_can_be_asked_for(tree: Path) -> None:
    forget(tree, "starter_choice")
    assert plan_run(tree, "starter/large", MONTH).measure == ()
    assert len(plan_run(tree, NAME, MONTH).measure) == 1


def test_what_failed_three_times_waits_for_a_person(tree: Path) -> None:
    key = next((tree / NAME / "results/starter_choice").iterdir()).name
    forget(tree, "starter_choice")
    attempts = tree / NAME / "attempts"
    attempts.mkdir()
    for number in range(1, MOST_TRIES + 1):
        assert len(plan_run(tree, "", MONTH).measure) == 1
        fact = {
            "schema": 1, "submission": NAME, "task": "starter_choice", "key": key.ljust(64, "0"),
            "state": "failed", "reason": "no", "when": "2026-11-01T00:00:00Z",
        }  # fmt: skip
        (attempts / f"{key}-{number}.json").write_text(json.dumps(fact))
    work = plan_run(tree, "", MONTH)
    assert work.measure == ()
    assert "failed 3 times" in work.told
    assert len(plan_run(tree, NAME, MONTH).measure) == 1, "a person starts it by hand"


@pytest.mark.parametrize(("state", "again"), [("timeout", 1), ("failed", 1), ("too-long", 0)])
def test_what_does_not_fit_is_not_tried_again(tree: Path, state: str, again: int) -> None:
    forget(tree, "starter_choice")
    note(tree, state, locked_request_set("starter_choice").sha256)
    assert len(plan_run(tree, "", MONTH).measure) == again
    entry = next(e for e in read_tree(tree).entries if e.submission.id == NAME)
    cell = find_cell(read_tree(tree), entry, "starter_choice")
    assert (cell.state, cell.reason) == (state, "no")


def test_a_failure_at_an_earlier_version_of_a_task_counts_no_more(tree: Path) -> None:
    forget(tree, "starter_choice")
    for number in range(1, MOST_TRIES + 1):
        note(tree, "too-long", "0" * 64, number)
    assert len(plan_run(tree, "", MONTH).measure) == 1


def note(tree: Path, state: str, request_set: str, number: int = 1) -> None:
    """Write down an attempt of the small starter model at starter_choice."""
    fact = {
        "schema": 1, "submission": NAME, "task": "starter_choice", "key": "0" * 64,
        "request_set": request_set, "state": state, "reason": "no", "when": "2026-11-01T00:00:00Z",
    }  # fmt: skip
    (tree / NAME / "attempts").mkdir(exist_ok=True)
    (tree / NAME / f"attempts/000000000000-{number}.json").write_text(json.dumps(fact))


def test_an_organisation_has_a_share_of_the_month(tree: Path) -> None:
    forget(tree, "starter_choice")
    board = yaml.safe_load((tree / "board.yaml").read_text())
    board["eligibility"]["gpu_hours_per_month"] = 0.0001
    (tree / "board.yaml").write_text(yaml.safe_dump(board))
    started = {
        json.loads(p.read_text())["run"]["started"][:7]
        for p in tree.glob("starter/*/results/*/*/*.json")
    }
    work = plan_run(tree, "", max(started))
    assert work.measure == ()
    assert "hours this month" in work.told


def test_a_broken_main_stops_everything(tree: Path) -> None:
    (tree / NAME / "submission.yaml").write_text("schema: 1\n")
    with pytest.raises(DocumentError):
        plan_run(tree, "", MONTH)


@pytest.mark.parametrize("hours", [0.0, 1.0, 9.0, 1000.0])
def test_long_work_is_cut_into_shards(hours: float) -> None:
    work = [Pending(submission="a/b", task="t", action="measure", reason="", requests=1, tokens=1,
                    hours=hours)]  # fmt: skip
    legs = cut_legs([submission(id="a/b", engine="vllm")], work)
    assert len(legs) == min(MOST_SHARDS, max(1, round(hours / 4)))
    assert [part.shard for part in legs] == [f"{i}/{len(legs)}" for i in range(1, len(legs) + 1)]
    assert {part.engine for part in legs} == {"vllm"}


@pytest.mark.parametrize(
    "name", ["a/b\n", "a/$(id)", "a/b/c", "A/b", "a_b/c", "a/b\npublish=[]", "a"]
)
def test_names_that_a_shell_could_misread_are_refused(name: str) -> None:
    with pytest.raises(EvaluatorError, match="is no name of a submission"):
        leg(name)
