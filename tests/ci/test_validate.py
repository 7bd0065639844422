"""Validate: a pull request is read as data, and its author learns what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest_e2e import git

from evaluator.ci.validate import base_of, code_owners, validate

MONTH = "2026-11"
NEW = "submissions/acme/tiny"


def propose(repository: Path, message: str = "A change") -> str:
    """Commit everything on a branch, merge it as GitHub does, and return the base."""
    git("checkout", "-qb", "change", cwd=repository)
    git("add", "-A", "-f", cwd=repository)
    git("commit", "-qm", message, cwd=repository)
    git("checkout", "-q", "main", cwd=repository)
    git("merge", "-q", "--no-ff", "-m", "Merge", "change", cwd=repository)
    return base_of(repository, "")


def add_submission(repository: Path, to: str = NEW) -> Path:
    home = repository / to
    home.mkdir(parents=True)
    for name in ("submission.yaml", "card.md"):
        shutil.copy(repository / "submissions/starter/small" / name, home)
    return home


def test_a_good_submission_is_told_what_will_happen(repository: Path) -> None:
    add_submission(repository)
    found = validate(repository, propose(repository), "alice", MONTH)
    assert found.faults == ()
    assert found.names == ("acme/tiny",)
    for word in ("acme/tiny is in order", "What will be measured", "hours on the runner",
                 "Who leads starter now", "What happens next"):  # fmt: skip
        assert word in found.summary
    assert "worktrees" not in [path.name for path in (repository / ".git/worktrees").glob("*")]


def test_every_fault_is_told_at_once_with_its_line(repository: Path) -> None:
    home = add_submission(repository)
    text = (home / "submission.yaml").read_text()
    (home / "submission.yaml").write_text(text.replace("suites:", "suits:") + "score: 99\n")
    (home / "card.md").write_text("no heading\n")
    found = validate(repository, propose(repository), "alice", MONTH)
    assert {fault.path for fault in found.faults} == {
        "acme/tiny/submission.yaml", "acme/tiny/card.md",
    }  # fmt: skip
    assert "things to mend" in found.summary
    assert "| submissions/acme/tiny/card.md | 1 |" in found.summary, "as the files are named in git"
    assert "push to the same branch" in found.summary and "What happens next" not in found.summary
    assert all(fault.message for fault in found.faults)


@pytest.mark.parametrize(
    ("author", "allowed"),
    [
        ("mallory", False),
        ("dave", True),
        ("DAVE", True),
        ("carol", False),
        ("team", False),
        ("", True),
    ],
)
def test_only_its_maintainers_and_code_owners_change_a_submission(
    repository: Path, author: str, allowed: bool
) -> None:
    """The base commit says who they are: nobody makes himself one in the pull request."""
    path = repository / "submissions/starter/small/submission.yaml"
    text = path.read_text()
    path.write_text(text.replace("maintainers: [", "maintainers: [mallory, "))
    assert path.read_text() != text
    found = validate(repository, propose(repository), author, MONTH)
    refused = [fault for fault in found.faults if "may not change this folder" in fault.message]
    assert (refused == []) == allowed


def test_a_maintainer_of_the_base_may_change_it(repository: Path) -> None:
    path = repository / "submissions/starter/small/submission.yaml"
    login = path.read_text().partition("maintainers: [")[2].partition("]")[0].split(",")[0]
    (path.parent / "card.md").write_text((path.parent / "card.md").read_text() + "\nMore.\n")
    assert validate(repository, propose(repository), login, MONTH).faults == ()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("submissions/starter/large/results/starter_choice/x.json", "may not be changed"),
        ("evaluator/cli.py", "two pull requests"),
        (".github/workflows/validate.yml", "two pull requests"),
        ("submissions/acme/other/card.md", "one submission a pull request"),
        (f"{NEW}/conftest.py", "may not be changed by a contribution"),
        (f"{NEW}/pyproject.toml", "may not be changed by a contribution"),
        (f"{NEW}/yaml.py", "may not be changed by a contribution"),
    ],
)
def test_a_submission_comes_alone(repository: Path, path: str, told: str) -> None:
    add_submission(repository)
    (repository / path).parent.mkdir(parents=True, exist_ok=True)
    (repository / path).write_text("raise SystemExit('was run')\n")
    found = validate(repository, propose(repository), "alice", MONTH)
    assert told in " ".join(fault.message for fault in found.faults)


def test_code_alone_is_left_to_tests_and_review(repository: Path) -> None:
    (repository / "Makefile").write_text("all:\n")
    found = validate(repository, propose(repository), "alice", MONTH)
    assert (found.names, found.faults) == ((), ())
    assert "No submission changed" in found.summary


def test_a_board_file_is_checked_with_the_whole_tree(repository: Path) -> None:
    path = repository / "submissions/board.yaml"
    path.write_text(path.read_text().replace("home: starter", "home: nowhere"))
    found = validate(repository, propose(repository), "carol", MONTH)
    assert [fault.path for fault in found.faults] == ["board.yaml"]


def test_the_last_line_that_matches_names_the_owners(repository: Path) -> None:
    assert code_owners(repository, "submissions/acme/tiny/") == ["carol"]
    assert code_owners(repository, "submissions/starter/small/") == ["dave"]
    assert code_owners(repository / "nowhere", "x") == []
