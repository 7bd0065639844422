"""A model that is too large for the runner is refused before a byte of it is fetched."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from conftest import ROOT
from conftest_e2e import evaluator, git
from e2e.forge.hub import Hub
from made import submission
from safetensors.torch import save_file

from evaluator.board.check import check_tree
from evaluator.ci.fetch import fetch_model
from evaluator.ci.plan import plan_run
from evaluator.ci.validate import validate
from evaluator.core.errors import ModelError
from evaluator.measure.measurement import Measurer, Settings
from evaluator.measure.size import held_size, listed_size, must_fit, why_too_large

REVISION = "0123456789abcdef0123456789abcdef01234567"
ON_HUB = submission(kind="causal", policy="", repo="acme/tiny", revision=REVISION, dtype="bfloat16")
NUMBERS = 3000


@pytest.fixture()
def weights(tmp_path: Path) -> Path:
    """A model of 3,000 numbers, stored as bfloat16."""
    folder = tmp_path / "weights"
    folder.mkdir()
    save_file({"a": torch.zeros(30, 100, dtype=torch.bfloat16)}, folder / "model.safetensors")
    (folder / "config.json").write_text("{}")
    (folder / "optimizer.bin").write_bytes(b"0" * 100_000)
    return folder


@pytest.fixture()
def hub(weights: Path, monkeypatch: pytest.MonkeyPatch):
    with Hub("acme/tiny", REVISION, weights) as found:
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield found


@pytest.mark.parametrize(("size", "fits"), [(0, True), (1000, True), (1001, False), (None, True)])
def test_a_model_fits_up_to_the_last_byte(size: int | None, fits: bool) -> None:
    assert (why_too_large(ON_HUB, size, 1000) == "") == fits
    assert why_too_large(ON_HUB, size, 0) == ""


def test_the_list_of_the_hub_and_the_files_give_the_same(hub: Hub, weights: Path) -> None:
    files = (weights / "model.safetensors").stat().st_size + 2
    for dtype, size in (("bfloat16", files), ("float32", 4 * NUMBERS)):
        model = replace(ON_HUB, dtype=dtype)
        assert listed_size(model) == held_size(model, weights) == size
    assert held_size(ON_HUB, weights, None) == files


def test_an_adapter_counts_with_its_base(hub: Hub) -> None:
    twice = replace(ON_HUB, adapter=f"acme/tiny@{REVISION}")
    assert listed_size(twice) == (listed_size(ON_HUB) or 0) + 2 * NUMBERS


def test_a_hub_that_does_not_tell_leaves_the_size_open(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.token = "asked for"
    assert listed_size(ON_HUB) is None
    monkeypatch.setenv("HF_TOKEN", "asked for")
    assert listed_size(ON_HUB)
    assert listed_size(replace(ON_HUB, repo="acme/other")) is None
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    assert listed_size(ON_HUB) is None
    must_fit(ON_HUB, None, 1)


def test_a_run_asks_for_the_list_and_for_nothing_else(hub: Hub, tmp_path: Path) -> None:
    settings = Settings(out=tmp_path, work=tmp_path, room=4 * NUMBERS - 1)
    with pytest.raises(ModelError, match=r"takes 0\.0 GB in float32"):
        Measurer(replace(ON_HUB, dtype="float32"), tmp_path, settings)
    assert hub.asked == [f"/api/models/acme/tiny/revision/{REVISION}"]


def enter(tree: Path, room: int) -> None:
    """Add a submission of the hub's model to a tree whose runner has this much room."""
    path = tree / "board.yaml"
    board = yaml.safe_load(path.read_text())
    board["eligibility"]["model_bytes"] = room
    path.write_text(yaml.safe_dump(board))
    home = tree / "acme/tiny"
    home.mkdir(parents=True)
    text = (ROOT / "submissions/starter/small/submission.yaml").read_text()
    place = f"repo: acme/tiny\n  revision: {REVISION}"
    (home / "submission.yaml").write_text(text.replace("folder: weights", place))
    (home / "card.md").write_text((ROOT / "submissions/starter/small/card.md").read_text())


def test_every_step_of_the_board_refuses_it(hub: Hub, tree: Path, tmp_path: Path) -> None:
    top = tree.parent
    git("init", "-q", cwd=top)
    git("add", "submissions", cwd=top)
    git("commit", "-qm", "Start", cwd=top)
    enter(tree, 4 * NUMBERS - 1)
    base = git("rev-parse", "HEAD", cwd=top)
    git("add", "submissions/acme", cwd=top)
    git("commit", "-qm", "Submit", cwd=top)
    (fault,) = validate(top, base, "", "2026-11").faults
    assert (fault.pointer, "has room for" in fault.message) == ("/model/repo", True)
    work = plan_run(tree, "", "2026-11")
    assert not work.fetch and "has room for" in work.told
    with pytest.raises(ModelError, match="has room for"):
        fetch_model(tree, "acme/tiny", [], tmp_path / "to")
    told = evaluator("run", "submissions/acme/tiny", cwd=top, check=False)
    assert told.returncode == 1 and "has room for" in told.stderr
    assert {path for path in hub.asked if "/resolve/" in path} == set()


def test_check_looks_at_locks_and_at_files_that_are_here(tree: Path) -> None:
    enter(tree, 1000)
    assert check_tree(tree, ["acme/tiny"]) == []  # nothing is here, and it asks nobody
    lock = {"schema": 1, "manifest": {"model.safetensors": {"sha256": "0" * 64, "bytes": 1001}}}
    (tree / "acme/tiny/lock.json").write_text(json.dumps(lock))
    (fault,) = check_tree(tree, ["acme/tiny"])
    assert "has room for" in fault.message
