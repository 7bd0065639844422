"""Quantised weights are measured where board.yaml lists them, and refused at every step else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from conftest_e2e import evaluator, git

from evaluator.board.check import check_tree
from evaluator.board.submissions import read_board
from evaluator.ci.fetch import fetch_model
from evaluator.core.errors import DocumentError, ModelError
from evaluator.core.files import Json
from evaluator.measure.quantisation import quantisation_of, why_not_listed

SMALL = ROOT / "submissions/starter/small"


def list_methods(tree: Path, listed: list[str] | None) -> None:
    """Write the list into a board; None: leave it out."""
    path = tree / "board.yaml"
    board = yaml.safe_load(path.read_text())
    board["eligibility"].pop("quantisations")
    if listed is not None:
        board["eligibility"]["quantisations"] = listed
    path.write_text(yaml.safe_dump(board))


def enter(tree: Path, told: Json) -> Path:
    """Add a model that says how its weights are quantised; return its folder."""
    home = tree / "acme/tiny"
    shutil.copytree(SMALL, home, ignore=shutil.ignore_patterns("results", "lock.json"))
    path = home / "weights/config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"quantization_config": told}))
    return home


@pytest.mark.parametrize("listed", [None, ["fp8"]])
def test_a_listed_method_passes(tree: Path, tmp_path: Path, listed: list[str] | None) -> None:
    list_methods(tree, listed)
    enter(tree, {"quant_method": "fp8"})
    assert check_tree(tree, ["acme/tiny"]) == []
    assert fetch_model(tree, "acme/tiny", [], tmp_path / "to") > 0


@pytest.mark.parametrize(
    ("listed", "method", "told"),
    [
        ([], "fp8", "quantised as 'fp8', and this board measures no quantised weights"),
        (["fp8"], "awq", "quantised as 'awq', and this board measures fp8"),
        (["fp8"], None, "quantised as 'None', and this board measures fp8"),
    ],
)
def test_every_step_refuses_what_is_not_listed(
    tree: Path, tmp_path: Path, listed: list[str], method: str | None, told: str
) -> None:
    list_methods(tree, listed)
    home = enter(tree, {"quant_method": method})
    (fault,) = check_tree(tree, ["acme/tiny"])
    assert fault.path == "acme/tiny/weights/config.json"
    assert told in fault.message and "`eligibility.quantisations` in board.yaml" in fault.message
    with pytest.raises(ModelError, match=told):
        fetch_model(tree, "acme/tiny", [], tmp_path / "to")
    assert not (tmp_path / "to").exists()
    done = evaluator("run", "submissions/acme/tiny", cwd=tree.parent, check=False)
    assert done.returncode == 1 and told in done.stderr and "Traceback" not in done.stderr
    assert not (home / "results").exists()


def test_a_board_lists_only_what_can_be_read(tree: Path) -> None:
    list_methods(tree, ["gptq"])
    with pytest.raises(DocumentError, match='"gptq" is not one of fp8'):
        read_board(tree)


def test_plain_weights_need_no_list(tmp_path: Path) -> None:
    assert quantisation_of(SMALL / "weights") == ""
    assert why_not_listed(SMALL / "weights", []) == ""
    (tmp_path / "config.json").write_text("[1")
    assert quantisation_of(tmp_path) == quantisation_of(tmp_path / "none") == ""


def test_a_board_of_ones_own_takes_the_list_over(tree: Path) -> None:
    git("init", "-q", cwd=tree.parent)
    words = ["--title", "Acme", "--suites", "starter", "--colour", "#0b5d66", "--gpu-runner", "gpu"]
    words += ["--cpu-runner", "cpu", "--private", "--repository", "https://git.acme.example/board"]
    evaluator("init-board", *words, cwd=tree.parent)
    assert read_board(tree.parent / "board").eligibility.quantisations == ("fp8",)
