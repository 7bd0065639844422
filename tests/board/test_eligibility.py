"""Eligibility: what a board refuses to measure, and what an organisation has used."""

from __future__ import annotations

from pathlib import Path

import yaml
from made import submission

from evaluator.board.check import check_tree
from evaluator.board.eligibility import (
    Eligibility,
    eligibility_of,
    hours_used,
    why_ineligible,
)


def test_a_board_without_rules_measures_all() -> None:
    rules = eligibility_of({})
    assert rules == Eligibility()
    assert why_ineligible(rules, submission()) == []


def test_every_broken_rule_is_told_where_it_stands() -> None:
    rules = Eligibility(kinds=("classifier",), licences=("MIT",))
    found = why_ineligible(rules, submission(kind="causal", licence="Apache-2.0"))
    assert [pointer for pointer, _ in found] == ["/model/kind", "/licence"]
    assert "no models of kind causal" in found[0][1]
    assert "not under Apache-2.0" in found[1][1]


def test_an_engine_that_the_runner_lacks_is_refused() -> None:
    model = submission(kind="causal", engine="vllm")
    ((pointer, reason),) = why_ineligible(eligibility_of({}), model)
    assert pointer == "/model/engine"
    assert reason == (
        "this board's runner has no vllm: remove engine, or ask for it to be listed "
        "(`eligibility.engines` in board.yaml)"
    )
    assert why_ineligible(eligibility_of({"engines": ["vllm"]}), model) == []


def test_hours_are_those_of_the_organisation_and_the_month() -> None:
    results = [
        {"submission": name, "run": {"seconds": seconds, "started": f"{day}T00:00:00Z"}}
        for name, seconds, day in [
            ("a/one", 3600.0, "2026-11-01"),
            ("a/two", 1800.0, "2026-11-30"),
            ("a/one", 7200.0, "2026-10-31"),
            ("b/one", 7200.0, "2026-11-02"),
        ]
    ]
    assert hours_used(results, "a", "2026-11") == 1.5
    assert hours_used(results, "c", "2026-11") == 0


def test_check_refuses_new_models_alone(tree: Path) -> None:
    """A model with results stays when the rules change; one without is told what to change."""
    path = tree / "board.yaml"
    board = yaml.safe_load(path.read_text())
    board["eligibility"] = {"licences": ["MIT"], "kinds": ["classifier"]}
    path.write_text(yaml.safe_dump(board))
    assert check_tree(tree) == []
    new = tree / "new/model"
    new.mkdir(parents=True)
    old = (tree / "starter/small/submission.yaml").read_text()
    (new / "submission.yaml").write_text(old)
    (new / "card.md").write_text((tree / "starter/small/card.md").read_text())
    found = {fault.pointer for fault in check_tree(tree, ["new/model"])}
    assert found == {"/model/kind", "/licence"}
