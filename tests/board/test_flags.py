"""Flags: what is possible and should be looked at; and what only looks alike."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from conftest import ROOT

from evaluator.board.flags import find_flags
from evaluator.board.submissions import read_standings
from evaluator.board.tree import Standing
from evaluator.core import columns


def result_of(model: str, task: str) -> Standing:
    path = next((ROOT / "submissions" / model / "results" / task).glob("*/????????.json"))
    below = path.relative_to(ROOT / "submissions").as_posix()
    return Standing(path=below, result=json.loads(path.read_text()))


def test_the_committed_results_raise_no_flag():
    assert find_flags(read_standings(Path(ROOT / "submissions"))) == []


def test_the_same_answers_of_other_weights_are_flagged():
    first, other = (result_of(f"baseline/{m}", "starter_matching") for m in ("random", "majority"))
    other.result["columns"] = first.result["columns"]
    (flag,) = find_flags([first, other])
    assert flag.path == other.path and f"those of {first.path}" in flag.message


def test_two_models_that_are_always_right_are_not_flagged():
    first, other = (result_of(f"baseline/{m}", "starter_matching") for m in ("random", "majority"))
    for standing in (first, other):
        packed = standing.result["columns"]
        packed["pred"] = packed["gold"]
        packed["correct"] = columns.pack("correct", np.ones(standing.result["n"]))
    other.result["columns"] = first.result["columns"]
    assert find_flags([first, other]) == []


def test_far_below_chance_is_flagged():
    standing = result_of("baseline/random", "starter_matching")
    packed, n = standing.result["columns"], standing.result["n"]
    gold = columns.unpack("gold", packed["gold"], n)
    packed["pred"] = columns.pack("pred", 1 - gold)
    packed["correct"] = columns.pack("correct", np.zeros(n))
    (flag,) = find_flags([standing])
    assert "standard errors below what chance gives" in flag.message


def test_the_same_weights_under_two_names_are_flagged():
    first = result_of("starter/small", "starter_matching")
    other = result_of("starter/medium", "starter_matching")
    other.result["model"]["manifest"] = first.result["model"]["manifest"]
    (flag,) = find_flags([first, other])
    assert flag.path == "starter/medium/lock.json" and "starter/small" in flag.message
