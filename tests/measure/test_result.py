from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made import submission

from evaluator.backends.scripted import load_policy
from evaluator.core.errors import DocumentError, ModelError, ScoreError
from evaluator.core.files import sha256
from evaluator.measure.manifest import lock_model, read_lock, read_manifest
from evaluator.measure.provenance import describe_machine, describe_run
from evaluator.measure.requests import build_requests, describe_requests
from evaluator.measure.rescore import read_responses, rescore, write_rescored
from evaluator.measure.responses import parse_response, response_lines
from evaluator.measure.result import (
    build_result,
    items_of,
    key_of,
    key_parts,
    read_result,
    recompute_key,
    recompute_tables,
    responses_path,
    result_path,
    write_result,
)
from evaluator.measure.run import Answers
from evaluator.measure.score import canonical, primary_score, score_task
from evaluator.tasks import load_task
from evaluator.tasks.starter import MAKERS, examples_of

TASKS = sorted(MAKERS)
MINE = submission()


def measure(name: str, policy: str = "random") -> tuple[Any, bytes]:
    """The result of a baseline on a starter task, and its response lines."""
    task, examples = load_task(name), examples_of(name)
    requests = build_requests(task, examples)
    backend = load_policy(policy)
    answers = Answers(responses=tuple(backend.answer(requests)), seconds=0.5, tokens=0)
    lines = response_lines(answers.responses)
    result = build_result(
        submission=replace(MINE, policy=policy),
        manifest=read_manifest(replace(MINE, policy=policy), Path()),
        parameters=0,
        task=task,
        request_set=describe_requests(task, examples, requests),
        lines=lines,
        scored=score_task(task, examples, answers.responses),
        run=describe_run(answers, "2026-01-02T03:04:05Z", describe_machine(backend), "local"),
    )
    return result, lines


@pytest.mark.parametrize("name", TASKS)
def test_a_result_is_written_by_its_schema_and_reads_back_equal(name: str, tmp_path: Path) -> None:
    result, lines = measure(name)
    path = write_result(tmp_path, result, lines, 10**6)
    assert read_result(path) == result
    assert path == result_path(tmp_path, result)
    folder = tmp_path / "some-org/some-model/results" / name / result["key"][:12]
    assert path == folder / f"{sha256(lines)[:8]}.json"
    assert path.read_bytes().endswith(b"}\n")


@pytest.mark.parametrize("name", TASKS)
def test_all_numbers_recompute_from_what_is_committed(name: str, tmp_path: Path) -> None:
    result, lines = measure(name)
    found = read_result(write_result(tmp_path, result, lines, 0))
    task, items = load_task(name), items_of(found)
    assert recompute_key(found) == found["key"]
    assert recompute_tables(found) == (found["classes"], found["confusion"])
    assert items.n == 200
    for metric in task.metrics:
        if found["metrics"][metric.name]["tier"] == "items":
            score = (
                primary_score(metric, items) if metric is task.primary else metric.compute(items)
            )
            assert canonical(score.value) == found["metrics"][metric.name]["value"]
    assert found["metrics"][found["primary"]]["tier"] == "items"


def test_outside_its_run_section_a_result_has_the_same_bytes_again() -> None:
    first, _ = measure("starter_matching")
    second, _ = measure("starter_matching")
    assert first.pop("run") and second.pop("run")
    assert first == second


def test_responses_are_kept_while_they_are_small(tmp_path: Path) -> None:
    result, lines = measure("starter_choice")
    path = write_result(tmp_path / "kept", result, lines, 10**6)
    assert result["responses"] == {"sha256": sha256(lines), "bytes": len(lines), "kept": True}
    assert gzip.decompress(responses_path(path).read_bytes()) == lines
    path = write_result(tmp_path / "dropped", result, lines, 10)
    assert result["responses"]["kept"] is False
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_the_responses_of_a_rescored_result_are_those_of_the_first() -> None:
    assert responses_path(Path("a/12345678.s2.json")) == Path("a/12345678.responses.jsonl.gz")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("key",), "0" * 63),
        (("key",), "0" * 64 + "\n"),
        (("submission",), "some-org/some-model\n"),
        (("submission",), "../../etc"),
        (("n",), 0),
        (("n",), "200"),
        (("trust",), "ci"),
        (("run", "trust"), "mine"),
        (("run", "started"), "yesterday"),
        (("columns", "correct"), 5),
        (("metrics", "accuracy", "value"), "high"),
        (("metrics", "accuracy", "value"), None),
        (("model", "manifest"), {}),
        (("counts", "ties"), -1),
        (("schema",), 2),
    ],
)
def test_a_result_that_breaks_its_schema_is_refused_at_the_place(
    tmp_path: Path, place: tuple[str, ...], value: Any
) -> None:
    result, lines = measure("starter_matching")
    path = write_result(tmp_path, result, lines, 0)
    inner = result
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    path.write_text(json.dumps(result))
    with pytest.raises(DocumentError) as caught:
        read_result(path, "name.json")
    pointers = {fault.pointer for fault in caught.value.faults}
    assert pointers == {"/" + "/".join(place)}
    assert all(fault.path == "name.json" for fault in caught.value.faults)


def test_a_result_with_a_number_that_is_none_is_refused(tmp_path: Path) -> None:
    result, lines = measure("starter_matching")
    path = write_result(tmp_path, result, lines, 0)
    text = path.read_text()
    value = json.dumps(result["metrics"]["accuracy"]["value"])
    for wrong in ("NaN", "Infinity", "1e999"):
        path.write_text(text.replace(f'"value": {value}', f'"value": {wrong}', 1))
        with pytest.raises(DocumentError, match="not valid JSON"):
            read_result(path)


def test_a_missing_result_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no such file"):
        read_result(tmp_path / "none.json")


# --- keys ---


def test_a_key_is_the_hash_of_all_that_can_change_a_number() -> None:
    parts: dict[str, Any] = {
        "manifest": {"model.safetensors": {"sha256": "0" * 64, "bytes": 1}},
        "dtype": "float32",
        "template": "none",
        "method": "loglikelihood",
        "request_sha256": "1" * 64,
        "decoding": {"greedy": True, "stop": [], "max_tokens": 0},
        "engine": "",
    }
    others = [
        {"manifest": {"model.safetensors": {"sha256": "2" * 64, "bytes": 1}}},
        {"dtype": "bfloat16"},
        {"template": "3" * 64},
        {"method": "generation"},
        {"request_sha256": "4" * 64},
        {"decoding": {"greedy": True, "stop": ["\n"], "max_tokens": 0}},
        {"engine": "vllm"},
    ]
    keys = [json.dumps(key_parts(**parts), sort_keys=True)]
    keys += [json.dumps(key_parts(**parts | other), sort_keys=True) for other in others]
    assert len(set(keys)) == len(keys)


def test_the_key_ignores_names_and_knows_the_golden_value() -> None:
    task = load_task("starter_choice")
    manifest = read_manifest(MINE, Path())
    key = key_of(MINE, manifest, task, "1" * 64)
    assert key == key_of(replace(MINE, title="Other", id="a/b"), manifest, task, "1" * 64)
    text = (
        '{"adapter":"","decoding":{"greedy":true,"max_tokens":0,"stop":[]},"dtype":"",'
        '"manifest":{"policy:random":{"bytes":0,"sha256":"'
        + hashlib.sha256(b'"random@1"').hexdigest()
        + '"}},"method":"loglikelihood","request_set":"' + "1" * 64 + '","template":"none"}'
    )  # fmt: skip
    assert key == hashlib.sha256(text.encode()).hexdigest()


# --- scoring again ---


@pytest.mark.parametrize("name", TASKS)
def test_kept_responses_score_to_the_same_result(name: str, tmp_path: Path) -> None:
    result, lines = measure(name)
    path = write_result(tmp_path, result, lines, 10**6)
    found = read_result(path)
    fresh, equal = rescore(path, found, load_task(name), examples_of(name))
    assert equal
    assert fresh == found


def test_a_newer_scorer_writes_beside_the_first_result(tmp_path: Path) -> None:
    result, lines = measure("starter_choice")
    path = write_result(tmp_path, result, lines, 10**6)
    before = path.read_bytes()
    newer = replace(load_task("starter_choice"), scorer=2)
    fresh, equal = rescore(path, result, newer, examples_of("starter_choice"))
    assert not equal
    second = write_rescored(path, fresh)
    assert second == path.with_name(f"{path.stem}.s2.json")
    assert read_result(second)["scorer"] == 2
    assert path.read_bytes() == before


def test_responses_survive_their_lines() -> None:
    for name in ("starter_choice", "starter_generation"):
        task, examples = load_task(name), examples_of(name)
        answered = load_policy("random").answer(build_requests(task, examples))
        lines = response_lines(answered)
        found = [parse_response(line) for line in lines.splitlines()]
        assert response_lines(found) == lines
        again = score_task(task, examples, found)
        assert np.array_equal(
            again.items.columns["correct"],
            score_task(task, examples, answered).items.columns["correct"],
        )


def test_other_responses_than_the_result_names_are_refused(tmp_path: Path) -> None:
    result, lines = measure("starter_choice")
    path = write_result(tmp_path, result, lines, 10**6)
    packed = responses_path(path)
    packed.write_bytes(gzip.compress(lines.replace(b"-", b"-1", 1)))
    with pytest.raises(ScoreError, match="not the responses that"):
        read_responses(path, result)
    for broken in (b"junk", packed.read_bytes()[:30], b"\x1f\x8b\x08\0\0\0\0\0\0\0junk"):
        packed.write_bytes(broken)
        with pytest.raises(ScoreError, match="cannot be unpacked"):
            read_responses(path, result)
    packed.unlink()
    with pytest.raises(ScoreError, match="measure again"):
        read_responses(path, result)


# --- manifests ---


def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "config.json").write_bytes(b"{}")
    (folder / "model-00001-of-00002.safetensors").write_bytes(b"abc")
    (folder / "README.md").write_bytes(b"not a file of a model")
    return folder


LOCAL = submission(kind="causal", policy="", folder="weights", dtype="float32")


def test_a_manifest_names_the_files_of_a_model_and_no_other(tmp_path: Path) -> None:
    manifest = read_manifest(LOCAL, weights(tmp_path))
    assert set(manifest) == {"config.json", "model-00001-of-00002.safetensors"}
    assert manifest["config.json"] == {"sha256": sha256(b"{}"), "bytes": 2}


def test_a_lock_is_written_once_and_every_later_change_is_refused(tmp_path: Path) -> None:
    folder = weights(tmp_path)
    assert lock_model(LOCAL, tmp_path, write=False)[1].keys() - {"x"} != set()
    assert not (tmp_path / "lock.json").exists()
    _, manifest = lock_model(LOCAL, tmp_path, write=True)
    assert read_lock(tmp_path / "lock.json") == manifest
    assert lock_model(LOCAL, tmp_path, write=True) == (folder, manifest)
    (folder / "config.json").write_bytes(b"{ }")
    (folder / "tokenizer.json").write_bytes(b"{}")
    with pytest.raises(ModelError, match=r"config\.json, tokenizer\.json differ"):
        lock_model(LOCAL, tmp_path, write=True)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"5", b"\xff"])
def test_a_broken_lock_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "lock.json").write_bytes(data)
    with pytest.raises(ModelError, match="not a lock file"):
        read_lock(tmp_path / "lock.json")


def test_a_lock_that_is_not_there_is_told_with_what_writes_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"lock\.json: no such file; `evaluator run` writes it"):
        read_lock(tmp_path / "lock.json")


def test_a_model_without_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        lock_model(LOCAL, tmp_path, write=False)
    (tmp_path / "weights").mkdir()
    with pytest.raises(ModelError, match=r"holds none of config\.json"):
        lock_model(LOCAL, tmp_path, write=False)
