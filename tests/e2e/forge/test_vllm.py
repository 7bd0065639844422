"""A model that asks for vLLM: refused where the runner has none, else measured by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from backends.conftest import save_model
from backends.test_vllm import WIDE
from conftest import need

from .conftest import World, write_submission
from .forge import VLLM, git


@pytest.mark.heavy
def test_a_model_is_measured_by_vllm_once_the_board_lists_it(world: World, tmp_path: Path) -> None:
    need("vllm", VLLM.exists(), "make vllm-env")
    longer = WIDE | {"max_position_embeddings": 8192}
    world.hub.folder = save_model(tmp_path / "weights", "llama", **longer)
    clone = world.forge.clone("alice")
    write_submission(clone / "submissions/acme/tiny", **{"  dtype": "float32\n  engine: vllm"})
    opened = world.propose(clone, "alice", "Add acme/tiny")
    check = opened.runs["validate.yml"]
    assert check.result == "failure"
    assert "this board's runner has no vllm" in check.summary, check.summary

    owner = world.forge.clone("owner")
    board = owner / "submissions/board.yaml"
    text = board.read_text().replace(
        "quantisations: [fp8]", "quantisations: [fp8]\n  engines: [vllm]"
    )
    board.write_text(text)
    git("commit", "-qam", "The runner has vLLM", cwd=owner)
    git("push", "-q", "origin", "main", cwd=owner)
    git("pull", "-q", "--rebase", "origin", "main", cwd=clone)
    opened = world.forge.open(clone, "alice", "Add acme/tiny")
    assert opened.runs["validate.yml"].result == "success", opened.runs["validate.yml"].summary

    evaluate = world.forge.merge(opened)["evaluate.yml"]
    assert evaluate.result == "success", evaluate.log
    results = [json.loads(world.forge.show(path)) for path in world.results("acme/tiny")]
    assert len(results) == 4
    assert {result["model"]["engine"] for result in results} == {"vllm"}
    assert all(result["run"]["environment"]["vllm"] for result in results)
