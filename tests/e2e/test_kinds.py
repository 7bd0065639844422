"""Every kind of model, from its files to its place: check, run, rank."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from made_server import Model, listening, serve
from typer.testing import CliRunner

from evaluator.cli import app

SMALL = ROOT / "submissions/starter/small"
KEY = "sk-never-to-be-seen-0123456789"
Json = Any


def evaluator(*words: str | Path, code: int = 0) -> str:
    """Type a command; return what it prints."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture()
def little(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree whose home is a suite of one small task."""
    monkeypatch.chdir(tmp_path)
    text = (tree / "board.yaml").read_text().replace("home: starter", "home: little")
    suite = text.split("\nsuites:\n")[1].split("      matching:\n")[1].split("      choice:\n")[0]
    head = "  little:\n    title: Little\n    summary: One task.\n    areas:\n      matching:\n"
    (tree / "board.yaml").write_text(text.replace("\nsuites:\n", f"\nsuites:\n{head}{suite}"))
    return tree


def submit(tree: Path, name: str, model: str) -> Path:
    """Write a submission by hand."""
    home = tree / "some-org" / name
    home.mkdir(parents=True)
    shutil.copy(SMALL / "card.md", home)
    text = (SMALL / "submission.yaml").read_text().replace("[starter]", "[little]")
    before, rest = text.split("model:\n")
    rest = rest[rest.index("licence:") :]
    (home / "submission.yaml").write_text(f"{before}model:\n{model}{rest}")
    return home


def measure(home: Path) -> Json:
    """Check and run a submission; return its result."""
    evaluator("check", home)
    evaluator("run", home)
    evaluator("check", home)
    (path,) = home.glob("results/*/*/????????.json")
    return json.loads(path.read_text())


def row_of(tree: Path, home: Path) -> Json:
    """Return a submission's line of the ranking."""
    found = json.loads(evaluator("rank", "--tree", tree, "--json"))
    rows = [*found["ranked"], *found["unranked"]]
    return next(row for row in rows if row["model"] == f"some-org/{home.name}")


def test_a_served_model_gets_its_numbers_and_no_rank(
    little: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HERE_KEY", KEY)
    model = "  kind: served\n  provider: here\n  name: small\n  answers: logprobs\n"
    home = submit(little, "served", model)
    assert "no provider 'here' in board.yaml" in evaluator("check", home, code=1)
    with listening(serve(Model(SMALL / "weights"))) as url:
        board = (little / "board.yaml").read_text()
        facts = f"    url: {url}\n    key_variable: HERE_KEY\n    input_price: 0.5\n"
        (little / "board.yaml").write_text(f"{board}\nproviders:\n  here:\n{facts}")
        found = measure(home)
    (path,) = SMALL.glob("results/starter_matching/*/????????.json")
    theirs = json.loads(path.read_text())
    assert found["metrics"]["f1"]["value"] == theirs["metrics"]["f1"]["value"]
    run = found["run"]
    assert (run["trust"], run["environment"]["served"]) == ("served", "small fp_test")
    assert run["cost_usd"] == pytest.approx(run["tokens"] * 0.5e-6, abs=1e-6)
    row = row_of(little, home)
    assert (row["best_rank"], row["trust"]) == (None, "served")
    assert row["index"] is not None
    written = [p for p in tmp_path.rglob("*") if p.is_file() and KEY.encode() in p.read_bytes()]
    assert written == []
