"""From a stranger's pull request to a published number, on a forge on this machine."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import World


def shows(page: Path, text: str) -> bool:
    """Tell whether a page has a text; no failure prints the whole of it."""
    return text in page.read_text("utf-8")


def test_an_honest_submission_becomes_a_published_row(world: World) -> None:
    opened = world.submit()
    check = opened.runs["validate.yml"]
    assert check.result == "success", check.log
    assert "acme/tiny is in order" in check.summary
    assert "starter\\_classification" in check.summary, "what will be measured stands there"

    runs = world.forge.merge(opened)
    evaluate = runs["evaluate.yml"]
    assert evaluate.result == "success", evaluate.log
    assert len(world.results("acme/tiny")) == 4, evaluate.log

    path = world.results("acme/tiny")[0]
    result = json.loads(world.forge.show(path))
    assert result["run"]["trust"] == "ci"
    assert result["run"]["runner"].endswith(f"/actions/runs/{evaluate.id}")
    assert "submissions/acme/tiny/lock.json" in world.forge.files()
    assert shows(world.forge.pages / "index.html", "Tiny of Acme")
    assert world.forge.server.issues == []
    assert world.forge.server.refused == []

    again = world.forge.dispatch("evaluate.yml")
    assert again.results["plan"] == "success"
    assert set(again.results.values()) == {"success", "skipped"}
    assert again.results["measure"] == again.results["publish"] == "skipped"
