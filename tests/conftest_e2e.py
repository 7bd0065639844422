"""Real commands in real repositories."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from conftest import need
from made_once import ask_once

from evaluator.board.publish.build import build_site, serve_site

ROOT = Path(__file__).parents[1]


def evaluator(
    *words: str, cwd: Path, check: bool = True, **env: str
) -> subprocess.CompletedProcess:
    """Run the command line as a person does; stdout and stderr as text."""
    done = subprocess.run(
        [sys.executable, "-m", "evaluator", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done


def git(*words: str, cwd: Path) -> str:
    """Run git and return what it printed."""
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.invalid"]
    done = subprocess.run(
        ["git", *identity, "-c", "init.defaultBranch=main", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture()
def repository(tmp_path: Path) -> Path:
    """Return a new git repository that holds what the site and the board need, committed."""
    home = tmp_path / "upstream"
    home.mkdir()
    for name in ("submissions", "site", "docs", "evaluator"):
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    ask_once(home / "submissions")
    for name in ("mkdocs.yml", ".gitignore", "pyproject.toml"):
        shutil.copy(ROOT / name, home)
    git("init", "-q", cwd=home)
    git("add", "-A", cwd=home)
    git("commit", "-qm", "Start of the board", cwd=home)
    return home


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """Build this board's site, once for all processes of the tests; nobody may change it."""
    home = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        home = home.parent
    to = home / "site"
    with (home / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not to.exists():
            build_site(ROOT, ROOT / "submissions", home / "site.part")
            (home / "site.part").rename(to)
    return to


@pytest.fixture(scope="session")
def browser():
    need("chromium", shutil.which("chromium") is not None, "install Debian's chromium")
    from playwright.sync_api import sync_playwright

    flags = [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update",
    ]  # fmt: skip
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        started = playwright.chromium.launch(executable_path=path, args=flags)
        yield started
        started.close()


@pytest.fixture()
def serve(tmp_path):
    """Serve a folder below a sub-path of localhost, as a project's pages are."""
    servers = []

    def start(folder: Path) -> str:
        home = tmp_path / f"served-{len(servers)}"
        home.mkdir()
        (home / "board").symlink_to(folder)
        (home / "index.html").write_text("")
        server = serve_site(home, 0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/board/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
