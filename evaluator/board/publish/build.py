"""Build the site with MkDocs, and serve it. Its English part is what `mkdocs build` gives."""

from __future__ import annotations

import functools
import http.server
import os
import subprocess
import sys
from pathlib import Path

from evaluator.board.history import in_git, run_git
from evaluator.core.errors import EvaluatorError

TOLD = "WARNING: "


def build_site(repository: Path, submissions: Path, to: Path) -> list[str]:
    """Build the site of a tree of submissions into `to` in every language.

    The clock does not enter: pages carry the day of the last commit. A warning of MkDocs is a
    failure.

    Returns:
        What could not be shown of what contributors wrote, a line each.

    Raises:
        EvaluatorError: `to` holds the repository or a part of it; or MkDocs refused, and what it
            said.
    """
    if not (repository / "mkdocs.yml").is_file():
        raise EvaluatorError(
            f"{repository}: no mkdocs.yml there; run this at the repository's root"
        )
    if repository.resolve().is_relative_to(to.resolve()) or _is_tracked(repository, to):
        told = "holds other things than a built site and would be wiped: name another folder"
        raise EvaluatorError(f"{to} {told}")
    when = run_git(repository, "log", "-1", "--format=%ct").strip() if in_git(repository) else b"0"
    environment = {
        **os.environ,
        "NO_MKDOCS_2_WARNING": "1",  # a notice about a fork of MkDocs, not about us
        "SOURCE_DATE_EPOCH": when.decode(),
    }
    done = subprocess.run(
        [sys.executable, "-m", "evaluator.board.publish.every_language"]
        + [str(path.resolve()) for path in (repository, submissions, to)],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise EvaluatorError(f"the site was not built:\n{done.stdout}{done.stderr}".rstrip())
    lines = done.stderr.splitlines()
    return [line.removeprefix(TOLD) for line in lines if line.startswith(TOLD)]


def _is_tracked(repository: Path, folder: Path) -> bool:
    """Tell whether a folder is the site's sources or holds any other file that git tracks."""
    if folder.resolve() == (repository / "site").resolve():
        return True
    inside = folder.resolve().is_relative_to(repository.resolve()) and in_git(repository)
    return inside and bool(run_git(repository, "ls-files", "--", str(folder.resolve())))


def serve_site(folder: Path, port: int) -> http.server.ThreadingHTTPServer:
    """Return a server of a built site on localhost; port 0 takes any that is free.

    Raises:
        EvaluatorError: nothing built there, or the port is taken.
    """
    if not (folder / "index.html").is_file():
        raise EvaluatorError(f"{folder}: no site there; run `evaluator site build`")
    handler = functools.partial(_Quiet, directory=str(folder))
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        reason = error.strerror
        raise EvaluatorError(f"port {port}: {reason}; name another with --port") from None


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each request."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
