"""A model of any kind through the commands: submitted, checked, measured, ranked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from evaluator.cli import app

Json = Any


def evaluator(*words: str | Path, code: int = 0) -> str:
    """Type a command; return what it prints."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def ask_little(tree: Path) -> None:
    """Make a suite of one small task the home of a tree."""
    text = (tree / "board.yaml").read_text().replace("home: starter", "home: little")
    suite = text.split("\nsuites:\n")[1].split("      matching:\n")[1].split("      choice:\n")[0]
    head = "  little:\n    title: Little\n    summary: One task.\n    areas:\n      matching:\n"
    (tree / "board.yaml").write_text(text.replace("\nsuites:\n", f"\nsuites:\n{head}{suite}"))


def add_provider(tree: Path, name: str, **facts: str | float) -> None:
    """Add a server of served models to a board."""
    rows = "".join(f"    {key}: {value}\n" for key, value in facts.items())
    path = tree / "board.yaml"
    path.write_text(f"{path.read_text()}\nproviders:\n  {name}:\n{rows}")


def submit(tree: Path, name: str, source: str | Path, kind: str, *more: str | Path) -> Path:
    """Submit a model by the command; return its folder."""
    submit_told(tree, name, source, kind, *more)
    return tree / "some-org" / name


def submit_told(tree: Path, name: str, source: str | Path, kind: str, *more: str | Path) -> str:
    """Submit a model by the command; return what it says."""
    return evaluator(
        "submit", source, "--name", f"some-org/{name}", "--kind", kind, "--licence", "MIT",
        "--training-data", "none", "--maintainer", "ada", "--suite", "little", "--tree", tree,
        *more,
    )  # fmt: skip


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


def holders(folder: Path, secret: str) -> list[Path]:
    """Return the files below a folder that a secret stands in."""
    data = secret.encode()
    return [path for path in folder.rglob("*") if path.is_file() and data in path.read_bytes()]
