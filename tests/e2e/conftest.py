"""The fixtures of real repositories, a built site, a browser and a small board."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest_e2e import browser, repository, serve, site
from made_kinds import ask_little

__all__ = ["browser", "little", "repository", "serve", "site"]


@pytest.fixture()
def little(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree whose home is a suite of one small task."""
    monkeypatch.chdir(tmp_path)
    ask_little(tree)
    return tree
