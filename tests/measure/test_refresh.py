"""Newer test data: found with a real git, told row by row, nothing changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz
from made_board import commit, git
from typer.testing import CliRunner

from evaluator.cli import app
from evaluator.core.errors import DataError
from evaluator.core.files import git_blob_id, sha256
from evaluator.core.records import DataPin
from evaluator.measure.refresh import (
    compare_rows,
    find_moved,
    newest_commit,
    proposal_text,
    propose,
)
from evaluator.tasks import load_task

OLD = [{"id": i, "question": f"What is {i} + {i}?", "answer": 2 * i} for i in range(6)]
MENDED = OLD[3] | {"answer": 7}
NEW = [*OLD[1:3], MENDED, *OLD[4:], {"id": 9, "question": "What is left?", "answer": 0}]


def lines(rows: list[dict]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@pytest.fixture()
def upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of test data on this machine, its raw files, and a folder of pinned bytes."""
    home = tmp_path / "git/someone/sums"
    home.mkdir(parents=True)
    git(home, "init", "-q", "-b", "main")
    monkeypatch.setenv("EVALUATOR_GIT", (tmp_path / "git").as_uri())
    monkeypatch.setenv("EVALUATOR_RAW", (tmp_path / "raw").as_uri())
    monkeypatch.setenv("EVALUATOR_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("EVALUATOR_CACHE", str(tmp_path / "cache"))
    return home


def put(home: Path, data: bytes) -> str:
    """Commit a version of the file, and serve it as raw content; return the commit."""
    (home / "test.jsonl").write_bytes(data)
    found = commit(home, "Another version")
    raw = home.parents[2] / "raw/someone/sums" / found / "test.jsonl"
    raw.parent.mkdir(parents=True)
    raw.write_bytes(data)
    return found


def pinned(home: Path, data: bytes) -> DataPin:
    """Pin a version whose bytes are at hand."""
    place = home.parents[2] / "data/sums/test.jsonl"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return DataPin(
        id="sums/test", repo="someone/sums", commit=put(home, data), path="test.jsonl",
        file="test.jsonl", sha256=sha256(data), git_blob=git_blob_id(data), bytes=len(data),
        rows=6, format="jsonl", encoding="utf-8", licence="MIT",
    )  # fmt: skip


def test_a_pin_at_the_newest_commit_is_not_outdated(upstream):
    pin = pinned(upstream, lines(OLD))
    assert find_moved([pin]) == ([], [])
    assert newest_commit("someone/sums") == pin.commit


def test_a_newer_commit_is_found_and_told_row_by_row(upstream):
    pin = pinned(upstream, lines(OLD))
    newest = put(upstream, lines(NEW))
    (moved,), failures = find_moved([pin])
    assert (moved.newest, failures) == (newest, [])
    proposal = propose(moved)
    changes = proposal.changes
    assert changes.added == (NEW[-1],) and changes.removed == (OLD[0],)
    assert changes.changed == ((OLD[3], MENDED),) and changes.same == 4
    after = proposal.after
    assert (after.commit, after.sha256, after.bytes) == (
        newest,
        sha256(lines(NEW)),
        len(lines(NEW)),
    )
    text = proposal_text([proposal])
    assert "| sums/test | 6 -> 6 | 1 | 1 | 1 | 4 |" in text
    assert '- {"answer":6,"id":3' in text and f'"sha256": "{after.sha256}"' in text


def test_a_change_far_inside_a_long_row_is_shown(upstream):
    long = [row | {"question": f"{'so ' * 400}{row['question']}{' on' * 400}"} for row in OLD]
    pin = pinned(upstream, lines(long))
    put(upstream, lines([*long[:3], long[3] | {"question": f"{'so ' * 400}what?"}, *long[4:]]))
    (moved,), _ = find_moved([pin])
    before, after = (
        line
        for line in proposal_text([propose(moved)]).split("\n")
        if line[:5] in ("- ...", "+ ...")
    )
    assert "What is 3 + 3?" in before and before.endswith("...") and len(before) < 320
    assert after.endswith('so what?"}')


def test_who_reads_a_file_is_named(upstream):
    pin = replace(pinned(upstream, lines(OLD)), id="gsm8k/test")
    put(upstream, lines(NEW))
    (moved,), _ = find_moved([pin])
    assert "Read by gsm8k." in proposal_text([propose(moved)])


def test_the_same_bytes_at_a_newer_commit_are_told_so(upstream):
    pin = pinned(upstream, lines(OLD))
    (upstream / "readme").write_text("more words")
    put(upstream, lines(OLD))
    (moved,), _ = find_moved([pin])
    assert "The file has the same bytes." in proposal_text([propose(moved)])


def test_a_file_that_is_gone_or_of_another_form_is_told(upstream):
    pin = pinned(upstream, lines(OLD))
    newest = put(upstream, b"id;question\n")
    (moved,), _ = find_moved([pin])
    with pytest.raises(DataError, match=f"at {newest}: sums/test: cannot be read as jsonl"):
        propose(moved)
    (upstream.parents[2] / "raw/someone/sums" / newest / "test.jsonl").unlink()
    with pytest.raises(DataError, match="does not answer"):
        propose(moved)


@pytest.mark.parametrize("cell", ["NaN", '"\\ud800"'])
def test_rows_that_no_json_can_say_are_told(upstream, cell):
    pin = pinned(upstream, lines(OLD))
    newest = put(upstream, f'{{"id": {cell}}}\n'.encode())
    (moved,), _ = find_moved([pin])
    with pytest.raises(DataError, match=f"at {newest}: sums/test: its rows cannot be compared"):
        propose(moved)


def test_a_repository_that_does_not_answer_is_told_and_the_rest_is_asked(upstream):
    pin = pinned(upstream, lines(OLD))
    put(upstream, lines(NEW))
    lost = DataPin(**{**{f: getattr(pin, f) for f in DataPin.__slots__}, "repo": "no/where"})
    moved, (failure,) = find_moved([lost, pin])
    assert [one.pin for one in moved] == [pin]
    assert "no/where: cannot be asked for its newest commit" in failure


def test_rows_without_a_telling_column_are_paired_by_place():
    before = [{"text": "a", "label": "x"}, {"text": "a", "label": "y"}, {"text": "b", "label": "x"}]
    after = [before[0], {"text": "a", "label": "z"}, before[2], {"text": "b", "label": "x"}]
    found = compare_rows(before, after)
    assert found.changed == ((before[1], after[1]),)
    assert found.added == (after[3],) and found.removed == () and found.same == 2


ROWS = st.lists(st.fixed_dictionaries({"q": st.integers(0, 5), "a": st.integers(0, 2)}), max_size=8)


@fuzz
@given(ROWS, ROWS)
def test_every_row_is_counted_once(before, after):
    found = compare_rows(before, after)
    assert found.same + len(found.changed) + len(found.removed) == len(before)
    assert found.same + len(found.changed) + len(found.added) == len(after)


def test_the_commands_list_and_propose(upstream, monkeypatch):
    task = replace(load_task("gsm8k"), pins=(pinned(upstream, lines(OLD)),))
    monkeypatch.setattr("evaluator.tasks.load_task", lambda name: task)
    assert "no pin is outdated" in CliRunner().invoke(app, ["data", "outdated", "gsm8k"]).output
    newest = put(upstream, lines(NEW))
    listed = CliRunner().invoke(app, ["data", "outdated", "gsm8k"])
    assert listed.exit_code == 0 and newest[:12] in listed.output
    as_json = json.loads(CliRunner().invoke(app, ["data", "outdated", "gsm8k", "--json"]).output)
    assert as_json[0]["newest"] == newest
    told = CliRunner().invoke(app, ["data", "bump", "gsm8k"])
    assert told.exit_code == 0 and "1 | 1 | 1 | 4" in told.output


def test_where_nothing_could_be_asked_no_pin_is_called_up_to_date(upstream):
    for word in ("outdated", "bump"):
        told = CliRunner().invoke(app, ["data", word, "gsm8k"])
        assert told.exit_code == 1 and told.output.count("\n") == 1
        assert "cannot be asked for its newest commit" in told.output
