"""Shards: parts that are answered apart come together as one result, or are refused."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from made import request, response
from made_once import ask_once
from typer.testing import CliRunner

from evaluator.board.submissions import read_submission
from evaluator.cli import app
from evaluator.core.errors import DocumentError, RunError
from evaluator.core.files import Json
from evaluator.core.schema import read_json_document
from evaluator.measure.join import join_task
from evaluator.measure.journal import Answered
from evaluator.measure.manifest import read_lock
from evaluator.measure.measurement import Measurer, Settings
from evaluator.measure.merge import merge_shards
from evaluator.measure.packs import Pack
from evaluator.measure.shards import HandedOver, Shard, describe_shard
from evaluator.tasks import load_task

TASK = "starter_matching"
COUNT = 2


def measurer(home: Path, **settings: Any) -> Measurer:
    """Return what measures the small starter model of `home`."""
    submission, _ = read_submission(home / "submissions", "starter/small")
    where = {"out": home / "whole", "work": home / "shards"}
    folder = home / "submissions/starter/small"
    return Measurer(submission, folder, Settings(**(where | settings)))


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with submissions/, and shards/ with all shards of one task."""
    home = tmp_path_factory.mktemp("shards")
    shutil.copytree(ROOT / "submissions/starter/small", home / "submissions/starter/small")
    shutil.copy(ROOT / "submissions/board.yaml", home / "submissions")
    ask_once(home / "submissions")
    for index in range(1, COUNT + 1):
        part = measurer(home, shard=Shard(index=index, count=COUNT))
        part.answer_shard(load_task(TASK), lambda *_: None)
    return home


def copy(answered: Path, to: Path) -> tuple[Path, Path]:
    """Return (a copy of it all, the folder of the measurement in it)."""
    home = to / "home"
    shutil.copytree(answered, home)
    return home, next((home / "shards").iterdir())


def join(home: Path) -> Json:
    """Join the shards in `home` and return the result that was written."""
    submission, _ = read_submission(home / "submissions", "starter/small")
    folder = home / "submissions/starter/small"
    found = next((home / "shards").iterdir())
    done = join_task(
        submission, read_lock(folder / "lock.json"), found, home / "out", keep_below=10**6
    )
    return read_json_document(done.path.read_bytes(), str(done.path), "result")


def refused(home: Path) -> str:
    """Join, expect a refusal that writes nothing, and return what it said."""
    with pytest.raises((RunError, DocumentError)) as caught:
        join(home)
    assert not (home / "out").exists()
    return str(caught.value)


def test_shards_give_the_result_of_one_machine(answered: Path, tmp_path: Path) -> None:
    home, _ = copy(answered, tmp_path)
    joined = join(home)
    whole = measurer(home).measure(load_task(TASK), lambda *_: None).result
    assert joined["key"] == whole["key"]
    assert joined["columns"]["correct"] == whole["columns"]["correct"]
    assert joined["metrics"].keys() == whole["metrics"].keys()
    for name, metric in whole["metrics"].items():
        assert joined["metrics"][name]["value"] == pytest.approx(metric["value"], abs=1e-4)


def test_merging_is_a_command(answered: Path, tmp_path: Path) -> None:
    home, folder = copy(answered, tmp_path)
    words = ["merge", str(home / "submissions/starter/small"), str(home / "shards")]
    told = CliRunner().invoke(app, [*words, "--to", str(home / "out")])
    assert told.exit_code == 0, told.output
    shutil.rmtree(folder / f"1-of-{COUNT}")
    told = CliRunner().invoke(app, [*words, "--to", str(home / "other")])
    assert told.exit_code == 1
    assert not (home / "other").exists()


def test_a_missing_shard_is_refused(answered: Path, tmp_path: Path) -> None:
    """Row 54, as are the next five."""
    home, folder = copy(answered, tmp_path)
    shutil.rmtree(folder / f"2-of-{COUNT}")
    assert f"shard 2 of {COUNT} is missing" in refused(home)


def test_a_shard_that_has_not_ended_is_refused(answered: Path, tmp_path: Path) -> None:
    home, folder = copy(answered, tmp_path)
    (folder / f"2-of-{COUNT}" / "shard.json").unlink()
    assert "the shard has not ended" in refused(home)


def test_a_doubled_shard_is_refused(answered: Path, tmp_path: Path) -> None:
    home, folder = copy(answered, tmp_path)
    shutil.copytree(folder / f"1-of-{COUNT}", folder / f"3-of-{COUNT}")
    assert f"shard 1 of {COUNT} was handed over twice: 1-of-{COUNT}, 3-of-{COUNT}" in refused(home)


def test_a_shard_of_another_measurement_is_refused(answered: Path, tmp_path: Path) -> None:
    home, folder = copy(answered, tmp_path)
    edit(folder / f"2-of-{COUNT}", key="0" * 64)
    assert "belongs to another measurement" in refused(home)


def test_a_shard_of_another_submission_is_refused(answered: Path, tmp_path: Path) -> None:
    home, folder = copy(answered, tmp_path)
    for index in range(1, COUNT + 1):
        edit(folder / f"{index}-of-{COUNT}", submission="starter/tiny")
    assert "holds shards of starter/tiny" in refused(home)


def test_shards_of_different_versions_are_refused(answered: Path, tmp_path: Path) -> None:
    home, folder = copy(answered, tmp_path)
    part = folder / f"2-of-{COUNT}"
    run_section = json.loads((part / "shard.json").read_text())["run"]
    edit(part, run=run_section | {"environment": {"torch": "0.0.1"}})
    told = refused(home)
    assert f"2-of-{COUNT}: was run otherwise than 1-of-{COUNT}: environment." in told
    assert "answer all shards alike" in told


def test_shards_of_another_commit_are_told_with_both(answered: Path, tmp_path: Path) -> None:
    home, folder = copy(answered, tmp_path)
    part = folder / f"2-of-{COUNT}"
    run_section = json.loads((part / "shard.json").read_text())["run"]
    here = run_section["evaluator"]
    edit(part, run=run_section | {"evaluator": here | {"commit": "0" * 40}})
    told = f"evaluator.commit {'0' * 40!r} in place of {here['commit']!r}"
    assert told in refused(home)


def test_what_a_stranger_wrote_into_a_shard_is_told_cut_and_on_one_line(
    answered: Path, tmp_path: Path
) -> None:
    home, folder = copy(answered, tmp_path)
    part = folder / f"2-of-{COUNT}"
    run_section = json.loads((part / "shard.json").read_text())["run"]
    loud = {f"a\n::error::{at}" + "x" * 999: "y\n" * 999 for at in range(99)}
    edit(part, run=run_section | {"environment": loud})
    told = refused(home)
    assert "\n" not in told and len(told) < 1000


def test_shards_of_two_cuts_are_refused(answered: Path, tmp_path: Path) -> None:
    home, folder = copy(answered, tmp_path)
    shutil.copytree(folder / f"1-of-{COUNT}", folder / "1-of-3")
    edit(folder / "1-of-3", count=3)
    assert "holds shards of work cut into 2 and 3 parts: leave one cut there" in refused(home)


def test_packs_without_an_answer_are_refused(answered: Path, tmp_path: Path) -> None:
    home, folder = copy(answered, tmp_path)
    (folder / f"1-of-{COUNT}" / "journal.jsonl").write_bytes(b"")
    assert "1 of 1 packs have no answer" in refused(home)


def test_foreign_packs_are_refused(answered: Path, tmp_path: Path) -> None:
    home, folder = copy(answered, tmp_path)
    one, two = (folder / f"{index}-of-{COUNT}" / "journal.jsonl" for index in (1, 2))
    one.write_bytes(one.read_bytes() + two.read_bytes())
    assert "holds packs that are not its own" in refused(home)


def test_answers_to_something_else_are_refused(answered: Path, tmp_path: Path) -> None:
    home, folder = copy(answered, tmp_path)
    journal = folder / f"1-of-{COUNT}" / "journal.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    lines[0]["responses"].reverse()
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert "answers something else" in refused(home)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 1}', '{"schema": NaN}', "\0"])
def test_a_broken_shard_is_a_sentence(answered: Path, tmp_path: Path, text: str) -> None:
    home, folder = copy(answered, tmp_path)
    (folder / f"1-of-{COUNT}" / "shard.json").write_text(text)
    assert "shard.json" in refused(home)


def edit(folder: Path, **facts: object) -> None:
    path = folder / "shard.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


def test_answers_come_together_in_the_order_of_the_requests() -> None:
    """Packs hold items of one beginning wherever they stand; a merge puts them back."""
    packs = [
        Pack(id="0" * 64, places=(0, 2), requests=(request("a"), request("c"))),
        Pack(id="1" * 64, places=(1, 3), requests=(request("b"), request("d"))),
    ]
    facts = describe_shard(
        submission="a/b", task=TASK, key="k", shard=Shard(index=1, count=1), parameters=1,
        run={"evaluator": {}, "environment": {}, "trust": "ci"},
    )  # fmt: skip
    done = {
        pack.id: Answered(
            responses=tuple(response(asked.item) for asked in pack.requests), seconds=1.0, tokens=1
        )
        for pack in packs
    }
    merged = merge_shards([HandedOver(folder=Path(), facts=facts, done=done)], "k", packs)
    assert [response.item for response in merged.responses] == ["a", "b", "c", "d"]


# --- shards that were really made apart, joined on the command line ---

TICKETS = ("The app crashes.", "I was charged twice.", "Refund, please.", "It does not open.")
OWN_TASK = {
    "title": "Support tickets", "summary": "Which team a ticket belongs to.", "licence": "internal",
    "kind": "classification", "data": "tickets.jsonl", "question": "Ticket: {text}\nTeam:",
    "answer": "team", "labels": ["billing", "technical"], "metrics": ["accuracy"],
}  # fmt: skip


def write_board(root: Path, extra: str) -> Path:
    """Write a board with 200 tickets of its own, `extra` in each; return the submission on it."""
    (root / "tasks").mkdir(parents=True)
    rows = [
        {"text": f"{TICKETS[i % 4]} Number {i}. {extra}", "team": OWN_TASK["labels"][i % 2]}
        for i in range(200)
    ]
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    (root / "tasks/tickets.jsonl").write_bytes(data)
    declared = {"tickets": {**OWN_TASK, "sha256": hashlib.sha256(data).hexdigest()}}
    shutil.copy(ROOT / "submissions/board.yaml", root)
    ask_once(root)
    with (root / "board.yaml").open("a") as board:
        board.write(f"\ntasks: {json.dumps(declared)}\n")
    shutil.copytree(ROOT / "submissions/baseline/random", root / "baseline/random")
    return root / "baseline/random"


def command(*words: object, code: int = 0) -> list[str]:
    """Run a command; return the lines that it prints."""
    told = CliRunner().invoke(app, list(map(str, words)))
    assert told.exit_code == code, told.output or told.exception
    return told.output.splitlines()


def answer(home: Path, part: str, shards: Path) -> None:
    command("run", home, "--task", "tickets", "--shard", part, "--to", shards)


@pytest.fixture()
def apart(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Return (a submission, its shard 1 of 2, its shard 2 of 2 made over other data)."""
    here, there = (write_board(tmp_path / name, name) for name in ("here", "there"))
    answer(here, "1/2", tmp_path / "shards")
    answer(there, "2/2", tmp_path / "shards")
    one, two = (next((tmp_path / "shards").glob(f"*/{index}-of-2")) for index in (1, 2))
    return here, one, two


def test_a_shard_made_over_other_data_is_refused_in_one_sentence(
    apart: tuple[Path, Path, Path],
) -> None:
    here, one, two = apart
    moved = two.rename(one.parent / two.name)
    two.parent.rmdir()
    keys = [json.loads((folder / "shard.json").read_text())["key"][:12] for folder in (moved, one)]
    assert command("merge", here, one.parents[1], code=1) == [
        f"{moved}: belongs to another measurement (key {keys[0]}, wanted {keys[1]}): of another "
        "model, or a task with other data or another version; answer this shard again, or take it "
        "away"
    ]
    assert not (here / "results/tickets").exists()


def test_shards_as_they_were_collected_are_each_told_and_joined_once_whole(
    apart: tuple[Path, Path, Path],
) -> None:
    here, one, two = apart
    shards = one.parents[1]
    told = sorted(command("merge", here, shards, code=1))
    missing = f"{one.parent}: shard 2 of 2 is missing: run it, or bring it"
    assert len(told) == 2 and missing in told
    assert any(line.startswith(f"{two}: belongs to another measurement") for line in told)

    shutil.rmtree(two.parent)
    shutil.copytree(one, one.parent / two.name)  # by hand, since one is missing
    doubled = f"{one.parent}: shard 1 of 2 was handed over twice: 1-of-2, 2-of-2"
    assert command("merge", here, shards, code=1) == [doubled, missing]
    assert not (here / "results/tickets").exists()

    shutil.rmtree(one.parent / two.name)
    answer(here, "2/2", shards)
    (told,) = command("merge", here, shards)
    assert told.startswith("tickets: accuracy 0.") and ", n = 200, " in told


def test_a_shard_locks_a_model_that_was_never_measured_whole(tmp_path: Path) -> None:
    home = write_board(tmp_path / "here", "here")
    (home / "lock.json").unlink()
    answer(home, "1/1", tmp_path / "shards")
    (told,) = command("merge", home, tmp_path / "shards")
    assert told.startswith("tickets: accuracy ")
