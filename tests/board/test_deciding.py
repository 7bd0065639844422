"""A decision that cannot stand is refused in a sentence that names what is wrong with it."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime

import pytest
from made_decisions import MODEL, TASK, WHY, decide
from typer.testing import CliRunner

from evaluator.board.check import check_tree
from evaluator.board.deciding import moment
from evaluator.cli import app
from evaluator.core.files import sha256

ACTIONS = "exclude, restore, rescore, annotate, decline, withdraw, takedown"
PROOF = ("--evidence", "https://example.org/paper")


@pytest.mark.parametrize(
    ("action", "words", "told"),
    [
        ("forbid", (), f'ACTION: "forbid" is not one of {ACTIONS}'),
        ("exclude", ("--by", " "), "--by: is missing: GitHub login of who decided"),
        ("exclude", ("--by", "Ada Lovelace"),
         '--by: "Ada Lovelace": must be a GitHub login such as ada-lovelace, without @'),
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


def test_a_login_is_written_down_without_the_sign_that_people_type_before_it(tree):
    decide(tree, "exclude", "--by", "@ada")
    (path,) = (tree / "decisions").glob("*.yaml")
    assert "\nby: ada\n" in f"\n{path.read_text()}"


def test_a_submission_that_is_not_there_is_told_with_those_like_it(tree):
    words = ["decide", "exclude", "starter/lage", "--by", "ada", "--reason", WHY]
    done = CliRunner().invoke(app, [*words, "--tree", str(tree)])
    assert str(done.exception) == (
        "SUBMISSION: no submission 'starter/lage'; did you mean starter/large?"
    )


def test_a_submission_of_no_name_is_refused_like_any_other(tree):
    done = CliRunner().invoke(app, ["decide", "exclude", "", "--by", "ada", "--reason", WHY,
                                    "--tree", str(tree)])  # fmt: skip
    assert str(done.exception) == 'SUBMISSION: "": must be <org>/<model>'


def test_a_run_of_several_tasks_is_named_once(tree):
    """Models that answer alike have the same responses, and so have their runs the same name."""
    for path in (tree / MODEL).glob("results/*/*/*.json"):
        result = json.loads(path.read_text())
        result["responses"]["sha256"] = "ab" * 32
        path.write_text(json.dumps(result))
    told = decide(tree, "exclude", "--run", "01234567", code=1)
    assert told == f"--run: {MODEL} has no run 01234567 there; its runs: abababab"


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
