"""`evaluator decide` writes a decision; ranking, plan and site follow it until one lifts it."""

from __future__ import annotations

from made_decisions import MODEL, TASK, WHY, decide
from typer.testing import CliRunner

from evaluator.board.check import check_tree
from evaluator.board.publish import read_site
from evaluator.board.publish.model import model_data
from evaluator.board.queue import plan
from evaluator.board.ranking import rank
from evaluator.board.submissions import read_tree
from evaluator.cli import app


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
    told = decide(tree, "takedown", "--task", TASK)
    assert told.count(".responses.jsonl.gz: removed; commit that too") == 1
    assert sorted((tree / MODEL).glob("results/*/*/*.json")) == held
    assert not list((tree / MODEL).glob(f"results/{TASK}/*/*.jsonl.gz"))
    assert list((tree / MODEL).glob("results/starter_matching/*/*.jsonl.gz"))
    assert check_tree(tree) == [] and ranked(tree)
    decide(tree, "rescore", "--task", TASK)
    assert [(w.task, w.action) for w in plan(read_tree(tree))] == [(TASK, "measure")]
