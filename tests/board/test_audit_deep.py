"""The deep audit: an honest result holds when measured again, a forged one does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluator.board.audit_deep import DeepAudit, audit_deep
from evaluator.board.audited import Audited
from evaluator.board.check import check_tree
from evaluator.board.recompute import recompute
from evaluator.board.submissions import read_standings
from evaluator.core.files import compress, json_lines, pretty_bytes, sha256
from evaluator.measure.measurement import Settings
from evaluator.measure.rescore import read_responses, rescore
from evaluator.measure.result import responses_path, result_path
from evaluator.tasks import load_task
from evaluator.tasks.starter import examples_of


def go_deep(tree: Path, n: int, seed: int = 1) -> DeepAudit:
    rows = [
        Audited(standing=s, added=None, attested=None, recomputed=recompute(tree, s.path, s.result))
        for s in read_standings(tree)
    ]
    assert not any(row.recomputed.faults for row in rows)
    settings = Settings(out=tree, work=tree / "none")
    return audit_deep(tree, rows, n, seed, settings, lambda done, total: None)


@pytest.fixture()
def small(tree: Path) -> Path:
    """The tree with one model of weights and one rule."""
    import shutil

    for name in ("starter/medium", "starter/large", "baseline/majority"):
        shutil.rmtree(tree / name)
    return tree


def forge(tree: Path, task_name: str) -> str:
    """Make every answer of a result right, with its name, hashes, columns and metrics to fit."""
    path = next((tree / "baseline/random/results" / task_name).glob("*/????????.json"))
    result = json.loads(path.read_text())
    task, examples = load_task(task_name), examples_of(task_name)
    gold = {example.id: example.gold for example in examples.test}
    lines = [json.loads(line) for line in _lines(path, result)]
    for line in lines:
        line["logprob"] = -0.5 if line["index"] in gold[line["item"]] else -9.0
    packed = json_lines(lines)
    responses_path(path).unlink()
    path.unlink()
    result["responses"].update(sha256=sha256(packed), bytes=len(packed))
    forged = result_path(tree, result)
    responses_path(forged).write_bytes(compress(packed))
    fresh, _ = rescore(forged, result, task, examples)
    forged.write_bytes(pretty_bytes(fresh))
    return forged.relative_to(tree).as_posix()


def _lines(path: Path, result: dict) -> list[bytes]:
    import gzip

    assert read_responses(path, result)
    return gzip.decompress(responses_path(path).read_bytes()).splitlines()


def test_honest_results_hold(small):
    found = go_deep(small, 40)
    assert found.findings == () and found.unseen == ()
    assert 35 <= found.measured <= 40  # an item drawn twice is asked once


def test_the_same_seed_draws_the_same_items(small):
    forge(small, "starter_choice")
    first, second, other = (go_deep(small, 30, seed).findings for seed in (7, 7, 8))
    assert first == second != other


def test_a_forgery_that_fits_together_is_found_by_the_model_itself(small):
    path = forge(small, "starter_choice")
    assert check_tree(small) == []
    findings = go_deep(small, 30).findings
    assert findings and {fault.path for fault in findings} == {path}
    assert all("nat away" in fault.message for fault in findings)


def test_without_kept_responses_the_judgement_of_each_item_is_compared(small):
    path = small / forge(small, "starter_choice")
    responses_path(path).unlink()
    result = json.loads(path.read_text())
    result["responses"]["kept"] = False
    path.write_bytes(pretty_bytes(result))
    findings = go_deep(small, 30).findings
    assert findings and all("judged otherwise" in fault.message for fault in findings)


def test_a_model_that_is_not_here_is_told_and_the_rest_goes_on(small):
    (small / "starter/small/weights/model.safetensors").unlink()
    found = go_deep(small, 40)
    assert found.findings == () and found.measured > 0
    assert [line for line in found.unseen if "items of starter/small could not" in line]
