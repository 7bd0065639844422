"""`submit`: one call from a model's files to a folder that CI takes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import ROOT
from safetensors.torch import load_file

from evaluator import submit
from evaluator.board.check import check_tree
from evaluator.board.submissions import read_submission
from evaluator.core.errors import DocumentError, EvaluatorError, ModelError

WEIGHTS = ROOT / "submissions/starter/small/weights"
FACTS: dict[str, Any] = {
    "name": "some-org/some-model",
    "kind": "causal",
    "licence": "Apache-2.0",
    "training_data": 'Text: "all" of it # and more',
    "maintainers": ["someone"],
    "suites": ["starter"],
}


@pytest.fixture()
def state_file(tmp_path: Path) -> Path:
    content = {"model_state_dict": load_file(WEIGHTS / "model.safetensors"), "epoch": 3}
    torch.save(content, tmp_path / "model_state.pth")
    return tmp_path / "model_state.pth"


def test_a_state_file_becomes_a_submission_that_ci_takes(tree: Path, state_file: Path) -> None:
    done = submit(state_file, architecture=WEIGHTS, tree=tree, **FACTS)
    assert done.folder == tree / "some-org/some-model"
    assert done.dropped == ("epoch",)
    assert check_tree(tree, ["some-org/some-model"]) == []
    assert "git switch -c submit-some-org-some-model" in done.pull_request
    assert "gh pr create" in done.pull_request
    with pytest.raises(EvaluatorError, match="exists"):
        submit(state_file, architecture=WEIGHTS, tree=tree, **FACTS)


def test_a_place_on_the_hub_needs_no_files(tree: Path) -> None:
    done = submit(f"org/model@{'0123456789' * 4}", tree=tree, **FACTS)
    assert sorted(p.name for p in done.folder.iterdir()) == ["card.md", "submission.yaml"]
    assert check_tree(tree, ["some-org/some-model"]) == []


def test_an_adapter_on_the_hub_stands_beside_its_base(tree: Path) -> None:
    base, lora = (f"org/{name}@{'0123456789' * 4}" for name in ("base", "lora"))
    submit(base, tree=tree, adapter=lora, trained_on=["banking77"], **FACTS)
    assert check_tree(tree, ["some-org/some-model"]) == []
    found, _ = read_submission(tree, "some-org/some-model")
    assert (found.repo, found.adapter) == ("org/base", lora)
    assert found.trained_on == ("banking77",)


def standing(tree: Path) -> list[str]:
    return sorted(p.relative_to(tree.parent).as_posix() for p in tree.parent.rglob("*"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"licence": "what you like"}, "must be an SPDX identifier"),
        ({"suites": ["nothing"]}, "no suite 'nothing'"),
        ({"name": "some-org/Some Model"}, "cannot name a folder"),
        ({"maintainers": ["@someone"]}, "must be a GitHub login"),
        ({"kind": "masked"}, "architecture llama has no MaskedLM: is the kind of the model right?"),
        ({"kind": "masked", "source": WEIGHTS}, "weights/config.json: .*llama has no MaskedLM"),
        ({"suites": ["startre"]}, "no suite 'startre'; did you mean starter?"),
        ({"architecture": ""}, "holds numbers alone"),
        ({"source": "nothing.xyz"}, "neither a folder, nor a state file"),
        ({"source": "org/model@main"}, "neither a folder, nor a state file"),
        ({"adapter": "nothing"}, "no adapter_config.json and no adapter_model.safetensors there"),
        ({"adapter": "org/lora@main"}, "expected a folder that peft saved"),
        ({"trained_on": ["nothing"]}, "no task 'nothing'"),
        ({"chat_template": "mine"}, "is not one of"),
        ({"source": "m", "kind": "served"}, "provider"),
        ({"source": "m", "kind": "served", "provider": "far", "answers": "chat"}, "no provider"),
    ],
)
def test_a_fault_leaves_nothing_behind(
    tree: Path, state_file: Path, change: dict[str, Any], told: str
) -> None:
    before = standing(tree)
    asked = {"source": state_file, "architecture": WEIGHTS, **FACTS, **change}
    with pytest.raises((DocumentError, ModelError, EvaluatorError), match=told):
        submit(asked.pop("source"), tree=tree, **asked)
    assert standing(tree) == before


def test_a_folder_that_would_bring_code_is_refused(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(WEIGHTS, folder)
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(
        config.replace("{", '{"auto_map": {"AutoModel": "x.X"},', 1)
    )
    with pytest.raises(ModelError, match="'auto_map' is not allowed"):
        submit(folder, tree=tree, **FACTS)
    assert not (tree / "some-org").exists()


def test_what_is_too_large_for_git_is_put_aside_for_the_hub(
    tree: Path, state_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("evaluator.board.submit.MAX_WEIGHTS", 1000)
    with pytest.raises(EvaluatorError, match="too large for git") as caught:
        submit(state_file, architecture=WEIGHTS, tree=tree, **FACTS)
    assert "some-org/some-model@<commit>" in str(caught.value)
    assert (tmp_path / "build/upload/some-org--some-model/model.safetensors").is_file()
    assert not (tree / "some-org").exists()


def test_without_gh_no_pull_request_is_begun(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EvaluatorError, match="gh is not installed: without --open-pr"):
        submit(f"org/model@{'0123456789' * 4}", tree=tree, open_pr=True, **FACTS)
    assert not (tree / "some-org").exists()


def test_a_fault_of_the_files_is_told_where_they_came_from(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(ModelError, match=f"^{tmp_path}/mine: holds none of config"):
        submit(tmp_path / "mine", tree=tree, **FACTS)


def test_the_pull_request_is_opened_if_asked(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    said = tmp_path / "said.txt"
    (tools / "gh").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {said}\n')
    (tools / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.chdir(tree.parent)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@example.org")
    for words in (["init", "-q", "-b", "main"], ["init", "-q", "--bare", "origin.git"],
                  ["remote", "add", "origin", "origin.git"]):  # fmt: skip
        subprocess.run(["git", *words], check=True)
    submit(f"org/model@{'0123456789' * 4}", tree="submissions", open_pr=True, **FACTS)
    assert said.read_text().startswith("pr\ncreate\n--title\nSubmit some-org/some-model\n")
    branch = subprocess.run(["git", "-C", "origin.git", "branch"], capture_output=True, text=True,
                            check=True).stdout  # fmt: skip
    assert "submit-some-org-some-model" in branch
