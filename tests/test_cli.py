"""The command line: exit codes, help, and errors without a traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import need
from strangers import MODEL, plant
from typer.testing import CliRunner

from evaluator.cli import app, main
from evaluator.reference import command_words

LIKE_ANY = (
    "--licence",
    "MIT",
    "--training-data",
    "Text.",
    "--maintainer",
    "ada",
    "--suite",
    "core",
)
runner = CliRunner(env={"COLUMNS": "80"})


@pytest.fixture()
def refused(tmp_path, monkeypatch, capsys):
    """What a command that fails says, typed where a tree of submissions stands."""
    plant(tmp_path / "submissions")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVALUATOR_SUBMISSIONS", "submissions")

    def told(words):
        monkeypatch.setattr(sys, "argv", ["evaluator", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 1
        return capsys.readouterr().err

    return told


@pytest.mark.parametrize("words", command_words(), ids=" ".join)
def test_every_command_has_help(words):
    asked = runner.invoke(app, [*words, "--help"])
    assert asked.exit_code == 0
    assert len(asked.output.split("\n")) > 5
    assert "\\b" not in asked.output, "examples stand line by line"
    assert max(map(len, asked.output.split("\n"))) <= 80, "a terminal wraps no line"
    assert not re.findall(r"<(?:str|path|int|float|list)\b\S*", asked.output), "types of Python"


@pytest.mark.parametrize("group", ["", "data", "tasks", "season", "site", "ci"])
def test_a_list_of_commands_cuts_no_sentence(group):
    listed = runner.invoke(app, [*group.split(), "--help"]).output.split("Commands:")[1]
    assert "..." not in listed


def test_wrong_use_exits_with_2():
    assert runner.invoke(app, ["nothing"]).exit_code == 2
    assert runner.invoke(app, ["run"]).exit_code == 2
    assert runner.invoke(app, ["run", "x", "--trust", "me"]).exit_code == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("rank",), f"submissions/{MODEL}/submission.yaml:1: /colour: unknown key"),
        (("run", f"submissions/{MODEL}s"), f"submissions/{MODEL}s: no such folder; did you mean"),
        (("check", f"submissions/{MODEL}s"), f"submissions/{MODEL}s: no such folder; did you mean"),
        (("score", f"submissions/{MODEL}s"), f"submissions/{MODEL}s: no such folder; did you mean"),
        (("check", "submissions"), "submissions: no submission; name its folder, submissions/<"),
        (("score", f"submissions/{MODEL}/card.md"), f"submissions/{MODEL}/card.md: no submission;"),
        (("run", "/"), "/: no submission; name its folder"),
        (("check", "submissions/nobody/x"), "submissions/nobody/x: no such folder"),
    ],
)
def test_a_fault_of_the_tree_is_told_with_its_path_from_here(words, told, tmp_path, refused):
    path = tmp_path / "submissions" / MODEL / "submission.yaml"
    path.write_text(f"colour: red\n{path.read_text()}")
    assert refused(words).startswith(told)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", MODEL), f"{MODEL}: no submission; name its folder, submissions/{MODEL}\n"),
        (("check", "--base", "nothing"),
         "no commit 'nothing' in this clone; `git fetch` may bring it\n"),
        (("rank", "startre"), "no suite 'startre'; did you mean starter?; known: starter, "),
        (("submit", "x.pth", "--name", "a/b", "--kind", "causal", *LIKE_ANY),
         "x.pth: no such file\n"),
        (("submit", "m", "--name", "A b", "--kind", "scripted", *LIKE_ANY),
         "--kind: scripted is a rule of the board's own, no model; one of the other kinds\n"
         "--name: 'A b' must be <org>/<model>\n"),
        (("submit", "m", "--name", "a/b", "--kind", "served", *LIKE_ANY),
         "--answers: is missing: a served model names a provider of board.yaml, its name there, "),
        (("season", "new", "2027-1", "--title", "T", "--summary", "What is new.",
          "--reference", f"{MODEL}s"), f"no submission {MODEL}s; did you mean {MODEL}?\n"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_what_to_do(words, told, refused):
    assert refused(words).startswith(told)


def test_a_disk_that_takes_nothing_is_told_without_a_traceback(tmp_path):
    need("bubblewrap", shutil.which("bwrap") is not None, "apt-get install bubblewrap")
    plant(tmp_path / "submissions")
    words = ["submit", "m", "--name", "a/b", "--kind", "served", *LIKE_ANY]
    command = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--chdir", str(tmp_path),
               sys.executable, "-m", "evaluator", *words, "--tree", "submissions"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{tmp_path}/")
    assert done.stderr.endswith(": Read-only file system; work where you may write\n")
    assert len(done.stderr.splitlines()) == 1


def test_a_suite_that_nobody_asks_for_has_no_table(tmp_path):
    plant(tmp_path / "submissions")
    ranked = runner.invoke(app, ["rank", "core", "--tree", str(tmp_path / "submissions")])
    assert ranked.output == "no submission asks for the suite core\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--device", "gpu"), "'--device': must be cpu or cuda"),
        (("--trust", "me"), "--trust is ci or local, not 'me'"),
        (("--limit", "2", "--to", "x"), "a trial with --limit goes below build/partial/: no --to"),
    ],
)
def test_what_cannot_be_measured_with_is_told(words, told, tmp_path):
    plant(tmp_path / "submissions")
    asked = runner.invoke(app, ["run", str(tmp_path / "submissions" / MODEL), *words])
    assert asked.exit_code == 2 and told in asked.output


def test_no_model_is_to_blame_for_a_gpu_that_is_not_there(tmp_path):
    home = plant(tmp_path / "submissions") / MODEL
    command = [sys.executable, "-m", "evaluator", "run", str(home), "--device", "cuda"]
    unseen = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    asked = subprocess.run(command, capture_output=True, text=True, check=False, env=unseen)
    assert asked.returncode == 1
    assert asked.stderr.startswith("--device cuda: PyTorch ")
    assert not (home / "attempts").exists()


def test_the_version_is_printed():
    assert runner.invoke(app, ["--version"]).output.strip() == "0.1.0"


def test_tasks_are_listed():
    names = {t["name"] for t in json.loads(runner.invoke(app, ["tasks", "list", "--json"]).output)}
    assert {"gsm8k", "mmlu", "starter_choice"} <= names


def test_an_item_is_shown_as_it_is_asked():
    shown = runner.invoke(app, ["tasks", "show", "starter_choice"]).output
    assert shown.startswith("Question:") and "* [ " in shown


COMMIT = "0123456789" * 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("season", "new", "2026-1", "--title", "", "--summary", "x", "--reference", MODEL),
         ["--summary: \"x\" is too short: at least 10 characters, it has 1",
          "--title: is missing: name for people"]),
        (("submit", f"a/b@{COMMIT}", "--name", "a/b", "--kind", "causal",
          "--licence", "what you like", "--training-data", "Text.",
          "--maintainer", "@Ada L", "--suite", "nothing", "--title", "two\nlines"),
         ["--title: \"two\\nlines\": must be one line of text",
          "--licence: \"what you like\": must be an SPDX identifier such as Apache-2.0, or other",
          "--suite: no suite 'nothing'",
          "--maintainer: \"Ada L\": must be a GitHub login such as ada-lovelace, without @"]),
        (("season", "new", "2026-1", "--title", "two\nlines", "--summary", "What is new.",
          "--reference", MODEL),
         ["--title: \"two\\nlines\": must be one line of text"]),
    ],
    ids=["season new", "submit", "season title"],
)  # fmt: skip
def test_a_fault_of_what_was_typed_names_the_option(words, told, tmp_path):
    plant(tmp_path / "submissions")
    done = runner.invoke(app, [*words, "--tree", str(tmp_path / "submissions")])
    lines = str(done.exception).splitlines()
    assert len(lines) == len(told)
    assert all(line.startswith(start) for line, start in zip(lines, told, strict=True)), lines
    assert not (tmp_path / "submissions/a").exists()
    assert not (tmp_path / "submissions/seasons").exists()


def test_what_is_made_from_a_seed_has_no_file_to_verify():
    told = runner.invoke(app, ["data", "verify", "starter_choice"]).output
    assert told == "no file is pinned: what these tasks ask is made from a seed\n"
