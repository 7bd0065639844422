"""The weekly look at test sets: what moved is proposed once, and nothing is changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ci.conftest import RUN
from e2e.forge.server import Server
from measure.test_refresh import NEW, OLD, lines, pinned, put, upstream
from typer.testing import CliRunner

from evaluator.cli import app
from evaluator.tasks import load_task

__all__ = ["upstream"]


@pytest.fixture()
def pin_of_gsm8k(upstream: Path, monkeypatch: pytest.MonkeyPatch):
    """Let a task read one file of a repository on this machine."""
    pin = pinned(upstream, lines(OLD))
    task = replace(load_task("gsm8k"), pins=(pin,))
    monkeypatch.setattr("evaluator.tasks.load_task", lambda name: task)
    return pin


def look(server: Server, monkeypatch: pytest.MonkeyPatch):
    """Run the verb as the workflow does, with a token that may open issues."""
    monkeypatch.setenv("GITHUB_API_URL", f"{server.url}/api")
    monkeypatch.setenv("GH_TOKEN", server.issue_token({"issues": "write"}))
    return CliRunner().invoke(app, ["ci", "outdated", "gsm8k"])


def test_newer_test_data_is_proposed_once(
    upstream: Path, pin_of_gsm8k, workflow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(tmp_path) as server:
        told = look(server, monkeypatch)
        assert (told.exit_code, server.issues) == (0, [])
        assert "no pinned file has changed" in told.output

        put(upstream, lines(NEW))
        assert look(server, monkeypatch).exit_code == 0
        (issue,) = server.issues
        assert issue["title"].startswith("Newer test data: 1 file, ")
        for text in ("| sums/test | 6 -> 6 | 1 | 1 | 1 | 4 |", "raise the version", RUN):
            assert text in issue["body"]

        again = look(server, monkeypatch)
        assert "told already in issue 1" in again.output
        assert len(server.issues) == 1
        assert (upstream.parents[2] / "data/sums/test.jsonl").read_bytes() == lines(OLD)


def test_other_commits_and_silent_sources_are_no_news(
    upstream: Path, pin_of_gsm8k, workflow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(tmp_path) as server:
        (upstream / "readme").write_text("more words")
        put(upstream, lines(OLD))
        assert "no pinned file has changed" in look(server, monkeypatch).output
        monkeypatch.setenv("EVALUATOR_GIT", (tmp_path / "nowhere").as_uri())
        told = look(server, monkeypatch)
        assert told.exit_code == 0
        assert "::warning::" in told.output and "cannot be asked" in told.output
        assert server.issues == []
