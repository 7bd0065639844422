"""After each kind of change, the plan names exactly the pairs that it affects."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from made_board import commit, git
from made_changes import change_lock, change_task
from typer.testing import CliRunner

from evaluator.board.history import days_added
from evaluator.board.queue import for_planning, plan
from evaluator.board.submissions import entry_names, read_tree
from evaluator.board.tree import Tree
from evaluator.cli import app, planning
from evaluator.core.files import sha256
from evaluator.tasks import locked_request_set

ALL = {"baseline/majority", "baseline/random", "starter/large", "starter/medium", "starter/small"}
TASK = "starter_choice"
TICKETS = (("The app crashes.", "technical"), ("I was charged twice.", "billing"))


def planned(tree) -> dict[tuple[str, str], str]:
    """Return (submission, task) -> action."""
    found = read_tree(tree, for_planning)
    assert isinstance(found, Tree)
    return {(work.submission, work.task): work.action for work in plan(found)}


def pairs(action: str, task: str = TASK) -> dict[tuple[str, str], str]:
    return {(name, task): action for name in ALL}


def test_nothing_is_to_be_done_where_nothing_changed(tree):
    assert set(entry_names(tree)) == ALL
    assert planned(tree) == {}


def test_another_prompt_measures_its_task_anew(tree, monkeypatch, tmp_path):
    change_lock(monkeypatch, tmp_path, TASK, sha256="1" * 64)
    assert planned(tree) == pairs("measure")


def test_other_rows_measure_their_task_anew(tree, monkeypatch, tmp_path):
    change_lock(monkeypatch, tmp_path, TASK, sha256="1" * 64, items_sha256="2" * 64, n=199)
    assert planned(tree) == pairs("measure")


def test_other_right_answers_alone_are_scored_anew(tree, monkeypatch, tmp_path):
    change_lock(monkeypatch, tmp_path, TASK, gold_sha256="1" * 64)
    assert planned(tree) == pairs("rescore")


def test_a_mended_scorer_scores_its_task_anew(tree, monkeypatch):
    change_task(monkeypatch, TASK, scorer=2)
    assert planned(tree) == pairs("rescore")


def test_another_version_of_a_task_waits_for_its_lock(tree, monkeypatch):
    change_task(monkeypatch, TASK, version=2)
    assert planned(tree) == {}
    told = CliRunner().invoke(app, ["plan", "--tree", str(tree)]).output
    assert told == (
        f"{TASK}: not locked as it is asked now; run `evaluator tasks lock {TASK}`\nnothing to do\n"
    )


@pytest.fixture()
def tickets(tree, monkeypatch) -> Callable[[str, str, int], None]:
    """Pin a task of the board's own to other bytes, at a version, and lock it."""
    monkeypatch.chdir(tree.parent)
    monkeypatch.delenv("EVALUATOR_SUBMISSIONS", raising=False)
    (tree / "tasks").mkdir()
    path = tree / "board.yaml"
    more = "        - task: tickets\n          reason: What our desk does all day.\n"
    text = path.read_text().replace("      generation:\n", f"      generation:\n{more}", 1)

    def pin(sentence: str, team: str, version: int) -> None:
        rows = [{"text": text, "team": team} for text, team in (*TICKETS, (sentence, team))]
        data = "".join(json.dumps(row) + "\n" for row in rows).encode()
        (tree / "tasks/tickets.jsonl").write_bytes(data)
        facts = {
            "title": "Support tickets", "summary": "Which team a ticket belongs to.",
            "kind": "classification", "data": "tickets.jsonl", "sha256": sha256(data),
            "licence": "internal", "question": "Ticket: {text}\nTeam:", "answer": "team",
            "labels": ["billing", "technical"], "metrics": ["accuracy"], "version": version,
        }  # fmt: skip
        path.write_text(f"{text}\ntasks: {json.dumps({'tickets': facts})}\n")
        run("tasks", "lock", "tickets")

    return pin


def run(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_pin_that_moves_affects_its_task_alone(tree, tickets):
    tickets("Refund, please.", "billing", 1)
    for name in ("majority", "random"):
        run("run", f"submissions/baseline/{name}", "--task", "tickets")
    measured = {"baseline/majority", "baseline/random"}
    waiting = {(name, "tickets"): "measure" for name in ALL - measured}
    assert planned(tree) == waiting
    tickets("Refund, please.", "technical", 2)
    assert planned(tree) == waiting | {(name, "tickets"): "rescore" for name in measured}
    assert run("plan").splitlines()[-1].endswith(" hours; 2 to rescore")
    run("score")
    assert planned(tree) == waiting
    tickets("My money back, please.", "technical", 3)
    assert planned(tree) == pairs("measure", "tickets")
    assert run("plan").splitlines()[-1].startswith("5 to measure, about ")
    run("check")


def test_responses_that_are_not_kept_are_measured_instead(tree, monkeypatch):
    change_task(monkeypatch, TASK, scorer=2)
    (path,) = (tree / "starter/small/results" / TASK).glob("*/*.json")
    result = json.loads(path.read_text())
    result["responses"]["kept"] = False
    path.write_text(json.dumps(result))
    assert planned(tree) == pairs("rescore") | {("starter/small", TASK): "measure"}


def test_a_new_task_in_a_suite_is_measured_by_all_of_it(tree):
    board = tree / "board.yaml"
    more = "        - task: gsm8k\n          reason: Steps and a final number.\n"
    text = board.read_text().replace("      generation:\n", f"      generation:\n{more}", 1)
    board.write_text(text)
    assert planned(tree) == pairs("measure", "gsm8k")


def test_an_open_season_keeps_asking_what_it_froze(tree, monkeypatch, tmp_path):
    open_season(tree)
    change_lock(monkeypatch, tmp_path, TASK, sha256="1" * 64)
    assert planned(tree) == {}
    told = CliRunner().invoke(app, ["plan", "--tree", str(tree)]).output
    assert f"{TASK}: season 2026-1 froze another request_sets/prompt" in told
    amended = ["season", "amend", "2026-1", "--by", "ada", "--reason", "a typing error in it"]
    assert CliRunner().invoke(app, [*amended, "--tree", str(tree)]).exit_code == 0
    assert planned(tree) == pairs("measure")


def test_the_next_season_asks_for_what_is_new_in_it(tree, monkeypatch):
    open_season(tree)
    change_task(monkeypatch, TASK, scorer=2)
    assert planned(tree) == {}
    season(tree, "close", "2026-1")
    board = tree / "board.yaml"
    board.write_text(board.read_text().replace("season: 2026-1", "season: 2026-2"))
    assert planned(tree) == pairs("rescore")


def test_reference_models_come_first_then_the_oldest(tree, monkeypatch):
    season(tree, "new", "2026-1", "--title", "First", "--summary", "The first season.",
           "--reference", "starter/medium")  # fmt: skip
    change_task(monkeypatch, TASK, scorer=2)
    days = {"starter/small": "2026-01-01", "baseline/random": "2026-02-01"}
    order = [work.submission for work in plan(read_tree(tree), days)]
    assert order == ["starter/medium", "starter/small", "baseline/random", "baseline/majority",
                     "starter/large"]  # fmt: skip


def test_age_is_that_of_the_commit_that_added_a_submission(tree):
    repository = tree.parent
    git(repository, "init", "-q", "-b", "main", str(repository))
    commit(repository, "Open the board")
    assert days_added(tree) == dict.fromkeys(ALL, "2026-12-01")


def test_tokens_and_hours_follow_from_earlier_runs(tree, monkeypatch, tmp_path):
    change_lock(monkeypatch, tmp_path, TASK, sha256="1" * 64, requests=1600)
    found = {work.submission: work for work in plan(read_tree(tree, for_planning))}
    own = [json.loads(p.read_text()) for p in (tree / "starter/small/results").glob("*/*/*.json")]
    locked = locked_request_set(TASK)
    assert locked is not None and locked.requests == 1600
    each = sorted(
        r["run"]["tokens"] / r["request_set"]["requests"]
        for path in tree.glob(f"starter/*/results/{TASK}/*/*.json")
        for r in [json.loads(path.read_text())]
    )[1]
    speeds = sorted(r["run"]["tokens"] / r["run"]["seconds"] for r in own)
    middle = (speeds[1] + speeds[2]) / 2
    work = found["starter/small"]
    assert work.tokens == round(each * 1600)
    assert work.hours == pytest.approx(round(each * 1600) / middle / 3600, abs=1e-4)
    assert (found["baseline/random"].tokens, found["baseline/random"].hours) == (0, 0.0)


def open_season(tree) -> None:
    """Open a season on the starter suite alone, whose models are all measured."""
    text = (tree / "board.yaml").read_text()
    (tree / "board.yaml").write_text(
        text[: text.index("  core:\n")] + text[text.index("limits:") :]
    )
    season(tree, "new", "2026-1", "--title", "First", "--summary", "The first season.",
           "--reference", "starter/small")  # fmt: skip
    season(tree, "open", "2026-1")


def season(tree, *words: str) -> None:
    done = CliRunner().invoke(app, ["season", *words, "--tree", str(tree)])
    assert done.exit_code == 0, done.output or str(done.exception)


def test_a_task_beside_the_index_is_planned_and_frozen_too(tree):
    board = tree / "board.yaml"
    beside = "    beside:\n      math:\n        - task: gsm8k\n          reason: Shown outside.\n"
    text = board.read_text()
    text = text[: text.index("  core:\n")] + text[text.index("limits:") :]
    board.write_text(text.replace("\nlimits:", f"{beside}\nlimits:"))
    assert planned(tree) == pairs("measure", "gsm8k")
    told = ["season", "new", "2026-1", "--title", "First", "--summary", "The first season.",
            "--reference", "starter/small", "--tree", str(tree)]  # fmt: skip
    assert CliRunner().invoke(app, told).exit_code == 0
    refused = CliRunner().invoke(app, ["season", "open", "2026-1", "--tree", str(tree)])
    assert "starter/small on gsm8k: pending" in str(refused.exception)
    decline = ["decide", "decline", "starter/small", "--task", "gsm8k", "--by", "ada", "--reason",
               "it is in the training data", "--evidence", "https://example.org/p"]  # fmt: skip
    assert CliRunner().invoke(app, [*decline, "--tree", str(tree)]).exit_code == 0
    season(tree, "open", "2026-1")
    frozen = read_tree(tree).board.suites["starter"]
    assert [t.task for t in frozen.beside["math"]] == ["gsm8k"]
    assert set(planned(tree)) == {(name, "gsm8k") for name in ALL - {"starter/small"}}


@pytest.mark.parametrize(
    ("value", "told"), [(None, "-"), (12_345, "12,345"), (0.01234, "0.0123"), (1234.2, "1,234")]
)
def test_an_estimate_is_a_number_that_people_read(value, told):
    assert planning._estimate(value) == told
