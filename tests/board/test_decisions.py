"""`evaluator decide` writes a decision; ranking, plan and site follow it until one lifts it."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from evaluator.board.check import check_tree
from evaluator.board.decisions import moment
from evaluator.board.publish import read_site
from evaluator.board.publish.model import model_data
from evaluator.board.queue import plan
from evaluator.board.ranking import rank
from evaluator.board.submissions import read_tree
from evaluator.cli import app
from evaluator.core.files import sha256

MODEL, TASK = "starter/large", "starter_choice"
WHY = "a wrong revision was measured"


def decide(tree, action: str, *words: str, reason: str = WHY, code: int = 0) -> str:
    told = ["decide", action, MODEL, "--by", "ada", "--reason", reason, *words]
    done = CliRunner().invoke(app, [*told, "--tree", str(tree)])
    assert (done.exit_code == 0) == (code == 0), done.output
    return done.output if code == 0 else str(done.exception)


def cell(tree, task: str = TASK):
    found = read_tree(tree)
    ranking = rank(found, found.board.suites["starter"])
    rows = {row.entry.submission.id: row for row in (*ranking.places, *ranking.unranked)}
    return rows[MODEL].cells[task]


def ranked(tree) -> bool:
    found = read_tree(tree)
    places = rank(found, found.board.suites["starter"]).places
    return MODEL in {place.entry.submission.id for place in places}


def test_what_is_excluded_has_no_rank_until_it_is_restored(tree):
    told = decide(tree, "exclude", "--task", TASK)
    assert f"{TASK}" in told and "excluded" in told
    assert (cell(tree).state, cell(tree).reason) == ("excluded", WHY)
    assert not ranked(tree) and plan(read_tree(tree)) == []
    decide(tree, "restore", "--task", TASK)
    assert ranked(tree)
    assert check_tree(tree) == []
    assert len(list((tree / "decisions").glob("*.yaml"))) == 2


def test_what_is_excluded_is_told_on_its_page(tree):
    decide(tree, "exclude", "--task", TASK)
    site = read_site(tree)
    entry = next(e for e in site.tree.entries if e.submission.id == MODEL)
    data = model_data(site, site.whole(entry))
    assert [d["reason"] for d in data["decisions"]] == [WHY]
    (shown,) = [task for task in data["tasks"] if task["task"] == TASK]
    assert (shown["state"], shown["reason"]) == ("excluded", WHY)
    (place,) = data["places"][:1]
    assert place["best_rank"] is None


def test_one_run_is_excluded_and_no_other(tree):
    (path,) = (tree / MODEL / "results" / TASK).glob("*/*.json")
    decide(tree, "exclude", "--run", path.stem)
    assert cell(tree).state == "excluded"
    assert cell(tree, "starter_matching").state == "measured"


def test_a_withdrawn_model_is_not_measured_again(tree):
    decide(tree, "withdraw")
    assert {cell(tree, task).state for task in (TASK, "starter_matching")} == {"withdrawn"}
    assert plan(read_tree(tree)) == []


def test_a_note_stands_beside_the_number(tree):
    decide(tree, "annotate", "--task", TASK, reason="the paper reports another number")
    assert cell(tree).notes == ("the paper reports another number",)
    assert ranked(tree)


def test_a_decline_needs_evidence_and_costs_the_rank_not_the_index(tree):
    assert "needs evidence" in decide(tree, "decline", "--task", TASK, code=1)
    proof = "https://example.org/paper"
    told = decide(tree, "decline", "--task", TASK, "--evidence", proof)
    assert "declined" in told and proof in cell(tree).reason
    found = read_tree(tree)
    (row,) = [r for r in rank(found, found.board.suites["starter"]).unranked
              if r.entry.submission.id == MODEL]  # fmt: skip
    assert row.low < row.index < row.high
    other = decide(tree, "decline", "--task", "starter_matching", "--evidence", proof, code=1)
    assert "at most one in a suite" in other


def test_what_is_to_be_rescored_counts_again_once_it_is(tree):
    decide(tree, "rescore", "--task", TASK)
    assert cell(tree).state == "stale"
    assert [(w.task, w.action) for w in plan(read_tree(tree))] == [(TASK, "rescore")]
    done = CliRunner().invoke(app, ["score", "--tree", str(tree)])
    assert done.exit_code == 0 and "scored anew" in done.output
    assert cell(tree).standing.path.endswith(".s1.json")
    assert plan(read_tree(tree)) == [] and check_tree(tree) == []


def test_a_takedown_removes_responses_and_no_result(tree):
    held = sorted((tree / MODEL).glob("results/*/*/*.json"))
    decide(tree, "takedown", "--task", TASK)
    assert sorted((tree / MODEL).glob("results/*/*/*.json")) == held
    assert not list((tree / MODEL).glob(f"results/{TASK}/*/*.jsonl.gz"))
    assert list((tree / MODEL).glob("results/starter_matching/*/*.jsonl.gz"))
    assert check_tree(tree) == [] and ranked(tree)
    decide(tree, "rescore", "--task", TASK)
    assert [(w.task, w.action) for w in plan(read_tree(tree))] == [(TASK, "measure")]


ACTIONS = "exclude, restore, rescore, annotate, decline, withdraw, takedown"
PROOF = ("--evidence", "https://example.org/paper")


@pytest.mark.parametrize(
    ("action", "words", "told"),
    [
        ("forbid", (), f'ACTION: "forbid" is not one of {ACTIONS}'),
        ("exclude", ("--by", " "), "--by: is missing: GitHub login of who decided"),
        ("exclude", ("--reason", "no"),
         '--reason: "no" is too short: at least 10 characters, it has '
         "2"),
        ("exclude", ("--reason", "an invisible\u200b end"),
         "--reason: invisible character ZERO WIDTH SPACE: remove it"),
        ("exclude", ("--task", "starter_chioce"),
         f"--task: {MODEL} has nothing to do with the task 'starter_chioce'; "
         f"did you mean {TASK}?"),
        ("exclude", ("--run", "X"),
         '--run: "X": must be the 8 hex digits that a run is named after'),
        ("exclude", ("--run", "01234567", "--task", TASK),
         f"--run: {MODEL} has no run 01234567 there; its runs: RUN"),
        ("annotate", ("--evidence", "ftp://x.y"),
         '--evidence: "ftp://x.y": must be an https address'),
        ("restore", (),
         "nothing to restore: no exclusion or withdrawal of that stands; standing: none"),
        ("withdraw", ("--run", "01234567"),
         "--run: a withdrawal concerns a model or a task, never one run: exclude that instead"),
        ("decline", PROOF, "--task: a decline names a task"),
        ("decline", ("--task", TASK),
         "--evidence: a decline needs evidence: the address of what shows it"),
        ("decline", ("--task", TASK, "--run", "RUN", *PROOF),
         "--run: a decline concerns a task, never one run: leave the run out"),
    ],
)  # fmt: skip
def test_a_decision_that_cannot_stand_names_the_option_and_writes_nothing(
    tree, action, words, told
):
    (path,) = (tree / MODEL / "results" / TASK).glob("*/*.json")
    given = [path.stem if word == "RUN" else word for word in words]
    assert decide(tree, action, *given, code=1) == told.replace("RUN", path.stem)
    assert not list(tree.glob("decisions/*.yaml"))


def test_a_submission_that_is_not_there_is_told_with_those_like_it(tree):
    words = ["decide", "exclude", "starter/lage", "--by", "ada", "--reason", WHY]
    done = CliRunner().invoke(app, [*words, "--tree", str(tree)])
    assert str(done.exception) == (
        "SUBMISSION: no submission 'starter/lage'; did you mean starter/large?"
    )


def test_what_else_could_be_restored_is_told(tree):
    (path,) = (tree / MODEL / "results" / TASK).glob("*/*.json")
    decide(tree, "exclude", "--task", TASK)
    decide(tree, "exclude", "--run", path.stem)
    told = decide(tree, "restore", "--task", "starter_matching", code=1)
    assert told.endswith(f"standing: exclude of the run {path.stem}, exclude of the task {TASK}")


def test_taking_down_twice_is_refused(tree):
    decide(tree, "takedown")
    assert "nothing to take down" in decide(tree, "takedown", code=1)


def test_what_has_no_result_cannot_be_rescored(tree):
    shutil.rmtree(tree / MODEL / "results" / TASK)
    told = "nothing to rescore: no result of that"
    assert decide(tree, "rescore", "--task", TASK, code=1) == told


def test_a_decision_in_a_file_that_cannot_stand_is_told_by_its_part(tree):
    decide(tree, "exclude", "--task", TASK)
    (path,) = (tree / "decisions").glob("*.yaml")
    data = path.read_bytes().replace(TASK.encode(), b"starter_chioce")
    path.unlink()
    path = path.with_name(f"{path.name[:10]}-{sha256(data)[:8]}.yaml")
    path.write_bytes(data)
    (fault,) = check_tree(tree)
    assert (fault.path, fault.pointer) == (f"decisions/{path.name}", "/task")
    assert "did you mean starter_choice?" in fault.message


def test_an_edited_decision_is_found(tree):
    decide(tree, "exclude")
    (path,) = (tree / "decisions").glob("*.yaml")
    path.write_text(path.read_text().replace("wrong", "right"))
    (fault,) = check_tree(tree)
    assert "must be named" in fault.message


def test_a_decision_comes_after_the_last_one_even_in_the_same_second():
    now = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    made = [{"date": "2026-12-31", "time": "23:59:59Z"}]
    assert moment(made, now) == {"date": "2027-01-01", "time": "00:00:00Z"}
    assert moment([], now) == {"date": "2026-12-31", "time": "23:59:59Z"}


def test_it_is_told_as_json(tree):
    words = ["decide", "exclude", MODEL, "--task", TASK, "--by", "ada", "--reason", WHY]
    done = CliRunner().invoke(app, [*words, "--json", "--tree", str(tree)])
    told = json.loads(done.output)
    assert [row["now"] for row in told["moved"]] == ["excluded"]
