"""A board on the forge, with a hub that holds one model, and what a contributor does."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT, need
from made_once import ask_once

from .forge import Forge, PullRequest, git
from .hub import Hub
from .server import Server

REVISION = "0123456789abcdef0123456789abcdef01234567"
HUB_TOKEN = "hf_read_only_and_secret"
PARTS = ("evaluator", "submissions", "site", "docs", ".github")
FILES = ("mkdocs.yml", "mkdocs.zh.yml", "pyproject.toml", "Makefile", "constraints.txt",
         ".gitignore")  # fmt: skip


@dataclass(repr=False)
class World:
    """Everything that stands on this machine for one scenario."""

    forge: Forge
    """The forge."""
    hub: Hub
    """The hub."""

    def submit(self, name: str = "acme/tiny", author: str = "alice", **changes: str) -> PullRequest:
        """Open a pull request with a new submission; `changes` replace lines of its YAML."""
        clone = self.forge.clone(f"{author}-{len(self.forge.runs)}")
        write_submission(clone / "submissions" / name, **changes)
        return self.propose(clone, author, f"Add {name}")

    def propose(self, clone: Path, author: str, title: str) -> PullRequest:
        """Open a pull request with everything that has changed in a clone."""
        git("add", "-A", cwd=clone)
        git("commit", "-qm", title, cwd=clone)
        return self.forge.open(clone, author, title)

    def results(self, name: str) -> list[str]:
        """Return the results of a submission on main."""
        below = f"submissions/{name}/results/"
        return [path for path in self.forge.files(below) if path.endswith(".json")]


def write_submission(home: Path, **changes: str) -> None:
    """Write a submission of the hub's model, as a contributor fills the template in."""
    home.mkdir(parents=True)
    filled = {
        "title": "Tiny of Acme",
        "organisation": "Acme",
        "  repo": "acme/Tiny",
        "  revision": REVISION,
        "  dtype": "float32",
        "licence": "Apache-2.0",
        "training_data": "Generated sentences; no test set of this board.",
        "suites": "[starter]",
        "maintainers": "[alice]",
    }
    text = (ROOT / ".github/submission.yaml").read_text("utf-8")
    for key, value in (filled | changes).items():
        line = f"{key}: {value}".replace("\\", r"\\")
        text, count = re.subn(rf"^{key}:.*$", line, text, flags=re.M)
        assert count == 1, key
    (home / "submission.yaml").write_text(text, "utf-8")
    shutil.copy(ROOT / "submissions/starter/small/card.md", home / "card.md")


def copy_of_the_project(to: Path) -> Path:
    """Return a folder with what stands in the repository."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in PARTS:
        shutil.copytree(ROOT / name, to / name, ignore=ignored)
    ask_once(to / "submissions")
    for name in FILES:
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, to)
    return to


@pytest.fixture()
def world(tmp_path: Path) -> Iterator[World]:
    """Yield a public board whose GPU runner is this machine's processor."""
    need("bubblewrap", shutil.which("bwrap") is not None, "apt-get install bubblewrap")
    bare = tmp_path / "forge" / "git"
    hub_files = ROOT / "submissions/starter/small/weights"
    with (
        Server(bare) as server,
        Hub("acme/Tiny", REVISION, hub_files, HUB_TOKEN) as hub,
    ):
        forge = Forge(
            tmp_path / "forge",
            server,
            vars={
                "GPU_ENABLED": "true",
                "GPU_DEVICE": "cpu",
                "STORE": str(tmp_path / "store"),
            },
            secrets={
                "models": {"HF_TOKEN": HUB_TOKEN},
                "models-again": {"HF_TOKEN": HUB_TOKEN},
            },
            image={
                "HF_ENDPOINT": hub.url,
                "NO_PROXY": "127.0.0.1",
                "OMP_NUM_THREADS": "1",
                "EVALUATOR_DATA": os.environ.get("EVALUATOR_DATA", ""),
            },
        )
        forge.start(copy_of_the_project(tmp_path / "source"))
        yield World(forge, hub)
