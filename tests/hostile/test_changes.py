"""Rows 21 to 26: a pull request, read from git as data."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from made_board import commit, git
from strangers import MODEL, Row, answer, plant, refused, rows

NEW = "someone/something"


@pytest.fixture()
def forge(tmp_path: Path) -> Path:
    """A repository with a board and one submission, and a branch for the change."""
    git(tmp_path, "init", "-q", "-b", "main", "board")
    home = tmp_path / "board"
    plant(home / "submissions")
    commit(home, "Open the board")
    git(home, "switch", "-q", "-c", "change")
    return home


def submit(home: Path, name: str = NEW) -> Path:
    """Copy the honest submission under a new name."""
    folder = home / "submissions" / name
    folder.mkdir(parents=True)
    for part in ("submission.yaml", "card.md"):
        (folder / part).write_text((home / "submissions" / MODEL / part).read_text())
    return folder


def write(path: str, text: str = "x"):
    def change(home: Path) -> None:
        submit(home)
        target = home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    return change


def link(home: Path) -> None:
    card = submit(home) / "card.md"
    card.unlink()
    card.symlink_to("../../../.git/config")


def execute(home: Path) -> None:
    (submit(home) / "card.md").chmod(0o755)


def submodule(home: Path) -> None:
    folder = submit(home)
    entry = f"160000,{git(home, 'rev-parse', 'HEAD')},submissions/{NEW}/weights"
    git(home, "add", "-A")
    git(home, "update-index", "--add", "--cacheinfo", entry)
    git(home, "commit", "-q", "-m", "Add a submodule")
    (folder / "weights").mkdir()  # as a clone leaves it


def two(home: Path) -> None:
    submit(home)
    submit(home, "someone/else")


def delete(home: Path) -> None:
    (home / "submissions" / MODEL / "lock.json").unlink()


def inside(name: str) -> str:
    return f"submissions/{NEW}/{name}"


CHANGES = [
    Row(20, "a link", link, "has mode 120000"),
    Row(21, "a submodule", submodule, "may not be changed by a contribution"),
    Row(21, "an executable card", execute, "has mode 100755"),
    Row(21, "attributes", write(inside(".gitattributes"), "* filter=x\n"), "add only submission"),
    Row(21, "modules", write(inside(".gitmodules")), "add only submission.yaml"),
    Row(22, "a name with a line end", write(inside("a\nb")), "add only submission.yaml"),
    Row(22, "a name that is a command", write(inside("$(touch pwn).yaml")), "add only submission"),
    Row(22, "a name that is an option", write(inside("-rf")), "add only submission.yaml"),
    Row(23, "a result", write(inside("results/t/k/12345678.json")), "written by the board's"),
    Row(23, "an attempt", write(inside("attempts/x-1.json")), "written by the board's"),
    Row(24, "the board", write("submissions/board.yaml"), "two pull requests, please"),
    Row(24, "a decision", write("submissions/decisions/x.yaml"), "two pull requests, please"),
    Row(24, "an attestation", write("submissions/attestations/x.sums"), "two pull requests"),
    Row(24, "who may sign", write("submissions/allowed_signers"), "two pull requests, please"),
    Row(25, "a lock of another's", delete, "may not be changed by a contribution"),
    Row(26, "two submissions", two, "one submission a pull request"),
    *(Row(26, name, write(inside(name)), "add only submission.yaml")
      for name in ("evil.py", "conftest.py", "sitecustomize.py", "pyproject.toml", "yaml.py")),
]  # fmt: skip


@rows(CHANGES)
def test_a_change_that_reaches_further_is_refused(forge, capsys, monkeypatch, case):
    monkeypatch.chdir(forge)
    case.value(forge)
    if git(forge, "status", "--porcelain"):
        commit(forge, "Change")
    told = refused(capsys, "check", "--tree", "submissions", "--base", "main")
    assert any(case.reason in line for line in told), told
    assert not list(forge.glob("**/pwn"))


def test_code_that_comes_with_a_submission_is_refused_and_never_imported(
    forge, capsys, monkeypatch
):
    """Row 26: modules at the root of the pull request shadow nothing."""
    monkeypatch.chdir(forge)
    submit(forge)
    for name in ("yaml.py", "typer.py", "sitecustomize.py"):
        (forge / name).write_text(f"open({str(forge / 'pwn')!r}, 'w')\n")
    commit(forge, "Submit")
    told = refused(capsys, "check", "--tree", "submissions", "--base", "main")
    assert any("sitecustomize.py, typer.py, yaml.py" in line for line in told), told
    assert not (forge / "pwn").exists()


def test_a_path_of_thousands_of_letters_is_refused(forge, capsys, monkeypatch):
    """Row 22: longer than any file system takes, so only git can hold it."""
    monkeypatch.chdir(forge)
    submit(forge)
    commit(forge, "Submit")
    blob = git(forge, "rev-parse", f"HEAD:{inside('card.md')}")
    name = "/".join(["x" * 200] * 20)
    subprocess.run(
        ["git", "update-index", "--add", "--cacheinfo", f"100644,{blob},{inside(name)}"], check=True
    )
    git(forge, "commit", "-q", "-m", "A long way")
    code, said = answer(capsys, "check", "--tree", "submissions", "--base", "main")
    assert code == 1 and "may not be changed by a contribution" in said
