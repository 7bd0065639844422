"""`evaluator decide` as a person types it, on the large starter model."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from evaluator.cli import app

MODEL, TASK = "starter/large", "starter_choice"
WHY = "a wrong revision was measured"


def decide(tree: Path, action: str, *words: str, reason: str = WHY, code: int = 0) -> str:
    """Return what the command prints, or with `code` 1 what it refuses with."""
    told = ["decide", action, MODEL, "--by", "ada", "--reason", reason, *words]
    done = CliRunner().invoke(app, [*told, "--tree", str(tree)])
    assert (done.exit_code == 0) == (code == 0), done.output
    return done.output if code == 0 else str(done.exception)
