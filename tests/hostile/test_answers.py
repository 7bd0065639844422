"""Rows 51 to 57, 76, 78 and 80: what a runner hands over, and results that cannot be."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT
from strangers import MODEL, Row, answer, refused, rows

from evaluator.board.recompute import recompute
from evaluator.core.files import compress, pretty_bytes, sha256
from evaluator.measure.responses import MAX_BYTES

RESULTS = ROOT / "submissions" / MODEL / "results/starter_choice"


@pytest.fixture()
def result(board: Path) -> Path:
    """One honest result with its responses, in a tree of their own."""
    target = board / MODEL / "results/starter_choice"
    shutil.copytree(RESULTS, target)
    return next(target.glob("*/????????.json"))


def responses_of(result: Path) -> Path:
    return result.with_name(f"{result.name.split('.')[0]}.responses.jsonl.gz")


def retell(result: Path, change: Callable[[bytes], bytes]) -> None:
    """Change the responses and let the result name them, as whoever forges both would."""
    lines = change(gzip.decompress(responses_of(result).read_bytes()))
    value = json.loads(result.read_text())
    value["responses"] |= {"sha256": sha256(lines), "bytes": len(lines)}
    responses_of(result).unlink()
    result.unlink()
    renamed = result.with_name(f"{sha256(lines)[:8]}.json")
    renamed.write_bytes(pretty_bytes(value))
    responses_of(renamed).write_bytes(compress(lines))


def first(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(lines: bytes) -> bytes:
        assert old in lines
        return lines.replace(old, new, 1)

    return change


def swap(lines: bytes) -> bytes:
    one, two, *rest = lines.splitlines(keepends=True)
    half = len(rest) // 2
    return b"".join([*rest[half:], one, two, *rest[:half]])


def of_first(change: Callable[[dict], object]) -> Callable[[bytes], bytes]:
    def edit(lines: bytes) -> bytes:
        head, rest = lines.split(b"\n", 1)
        entry = json.loads(head)
        change(entry)
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode() + b"\n" + rest

    return edit


FORGED = [
    Row(51, "an item that is missing", lambda lines: b"".join(
        line for line in lines.splitlines(keepends=True)
        if json.loads(line)["item"] != json.loads(lines.split(b"\n")[0])["item"]
    ), "answers other items"),
    Row(51, "an item answered twice", lambda lines: lines + lines, "answers other items"),
    Row(51, "an item that nobody asked", of_first(lambda e: e.update(item="x")), "other items"),
    Row(51, "another order", swap, "answers other items"),
    Row(51, "no answer at all", lambda lines: b"", "answers other items"),
    Row(52, "not a number", of_first(lambda e: e.update(logprob=float("nan"))), "NaN is not a num"),
    Row(52, "infinity", of_first(lambda e: e.update(logprob=float("-inf"))), "Infinity is not"),
    Row(52, "1e400", lambda lines: lines.replace(b'"logprob":', b'"logprob":-1e400,"x":', 1),
        "larger than any number"),
    Row(52, "a text for a number", of_first(lambda e: e.update(logprob="-1.0")), "type float"),
    Row(52, "true for a number", of_first(lambda e: e.update(logprob=True)), "type float"),
    Row(52, "more than certain", of_first(lambda e: e.update(logprob=0.5)), "above zero"),
    Row(52, "a part of an index", of_first(lambda e: e.update(index=0.0)), "type int"),
    Row(53, "a line of 5 MB", lambda lines: b"x" * 5_000_000, "more than any responses have"),
    Row(53, "200,000 brackets", lambda lines: b"[" * 200_000 + b"\n", "nested too deeply"),
    Row(53, "5,000 digits", lambda lines: b'{"item":' + b"9" * 5000 + b"}\n", "digits"),
    Row(53, "other bytes", lambda lines: b"\xff\n", "utf-8"),
    Row(53, "a mark at the beginning", lambda lines: b"\xef\xbb\xbf" + lines, "Expecting value"),
    Row(55, "its own verdict", of_first(lambda e: e.update(correct=True)), "no other"),
    Row(57, "an id that looks the same", of_first(lambda e: e.update(item=e["item"] + "\u200b")),
        "answers other items"),
]  # fmt: skip


@rows(FORGED)
def test_answers_that_cannot_be_are_refused(board, result, capsys, case):
    retell(result, case.value)
    told = refused(capsys, "check", str(board / MODEL))
    assert any(case.reason in line for line in told), told


@rows([
    Row(53, "no gzip", b"hello", "cannot be unpacked"),
    Row(53, "half a gzip", compress(b"x" * 1000)[:20], "cannot be unpacked"),
    Row(53, "a bomb of one line", gzip.compress(bytes(1_000_000)) * 200, "more than any responses"),
    Row(53, "a bomb of many lines", gzip.compress(b"\n" * (MAX_BYTES // 8), 1), "Expecting value"),
])  # fmt: skip
def test_packed_answers_that_are_none_are_refused(board, result, capsys, case):
    responses_of(result).write_bytes(case.value)
    told = refused(capsys, "check", str(board / MODEL))
    assert len(told) == 1 and case.reason in told[0], told


def test_a_model_that_says_nothing_or_too_much_is_scored_zero():
    """Row 56: constant, empty, endless and expression-like answers are wrong answers."""
    from made import answer_all

    from evaluator.measure.data import load_examples
    from evaluator.measure.score import score_task
    from evaluator.tasks import load_task

    task = load_task("starter_generation")
    examples = load_examples(task)
    first = examples.test[0].id
    for text in ("", "the same", "(a+)+$" * 9_999, "9" * 999_999, "\n" * 999_999, "a" * 999_999):
        answered = answer_all(
            task, examples, lambda e, text=text: text if e.id == first else text[:20]
        )
        assert score_task(task, examples, answered).metrics[task.primary.name]["value"] == 0


@rows([
    Row(58, "a better number", lambda r: r["metrics"]["acc"].update(value=0.99), "outside its"),
    Row(58, "a number beyond its range", lambda r: r["metrics"]["acc"].update(high=1.5), "range"),
    Row(76, "a day that never comes", lambda r: r["run"].update(started="9999-99-99T99:99:99Z"),
        "no day and time"),
    Row(52, "an interval that is no number", lambda r: r["metrics"]["acc"].update(low=None), "low"),
    Row(53, "columns of another length", lambda r: r["columns"].update(correct="AAAA"), "columns"),
    Row(53, "columns that are no base64", lambda r: r["columns"].update(correct="!"), "base64"),
    Row(53, "a column nobody knows", lambda r: r["columns"].update(code="AAAA"), "code"),
    Row(53, "10^9 items", lambda r: r.update(n=10**9), "items"),
    Row(53, "minus one items", lambda r: r.update(n=-1), "less than the minimum"),
])  # fmt: skip
def test_a_result_that_cannot_be_is_refused(board, result, capsys, case):
    value = json.loads(result.read_text())
    case.value(value)
    result.write_bytes(pretty_bytes(value))
    told = refused(capsys, "check", str(board / MODEL))
    assert any(case.reason in line for line in told), told


@rows([
    Row(78, "other bytes", lambda lock: lock["manifest"]["policy:random"].update(sha256="0" * 64),
        "is not the manifest in lock.json"),
    Row(78, "another name", lambda lock: lock.update(manifest={"x": {"sha256": "", "bytes": 0}}),
        "is not the manifest in lock.json"),
    Row(78, "no manifest", lambda lock: lock.pop("manifest"), "not a lock file"),
    Row(78, "a list of files", lambda lock: lock.update(manifest=["x"]), "not a lock file"),
    Row(78, "no hashes", lambda lock: lock.update(manifest={"x": 5}), "not a lock file"),
])  # fmt: skip
def test_a_lock_of_other_files_is_refused(board, result, capsys, case):
    path = board / MODEL / "lock.json"
    lock = json.loads(path.read_text())
    case.value(lock)
    path.write_bytes(pretty_bytes(lock))
    told = refused(capsys, "check", str(board / MODEL))
    assert any(case.reason in line for line in told), told


def test_the_same_weights_under_two_names_are_told_to_a_person(tmp_path, capsys):
    """Row 80."""
    tree = tmp_path / "submissions"
    shutil.copytree(ROOT / "submissions", tree)
    shutil.copytree(tree / "starter/small", tree / "other/small")
    for path in (tree / "other/small/results").glob("*/*/*.json"):
        path.write_text(path.read_text().replace("starter/small", "other/small"))
    code, said = answer(capsys, "check", "--tree", str(tree))
    assert code == 0, said
    assert "warning: " in said and "the weights are those of other/small, to the byte" in said


def test_what_was_forged_to_fit_does_not_recompute(board, result):
    """Row 55: a verdict is never read, it is computed again."""
    value = json.loads(result.read_text())
    path = result.relative_to(board).as_posix()
    assert recompute(board, path, value).faults == ()
    value["metrics"]["acc"]["value"] += 0.01
    assert recompute(board, path, value).faults != ()
