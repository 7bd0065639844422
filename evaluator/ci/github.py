"""What a job knows from GitHub, and how it answers: event, outputs, summary, annotations, API.

Text of contributors stands in all of these. It never becomes a line of its own in a file that the
runner reads, and never a command in the log.
"""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluator.board.history import printable
from evaluator.core.errors import EvaluatorError
from evaluator.core.files import Json

TIMEOUT_SECONDS = 30
MOST_TEXT = 60_000
"""Most characters of a summary or an issue; GitHub takes 65,536 of an issue."""
_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+!|~@:&$-])")


def read_event() -> Json:
    """Return the event that started the run; {} outside of a workflow."""
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    if not path:
        return {}
    event: Json = json.loads(Path(path).read_text("utf-8"))
    return event


def run_address() -> str:
    """Return the address of this workflow run; '' outside of a workflow."""
    server, repository = (os.environ.get(f"GITHUB_{n}", "") for n in ("SERVER_URL", "REPOSITORY"))
    number = os.environ.get("GITHUB_RUN_ID", "")
    return f"{server}/{repository}/actions/runs/{number}" if number else ""


def set_outputs(**values: Any) -> None:
    """Set outputs of the step, as JSON in one line each, so that no value can start another."""
    lines = "".join(f"{name}={json.dumps(value)}\n" for name, value in values.items())
    _append("GITHUB_OUTPUT", lines)


def add_summary(text: str) -> None:
    """Add Markdown to the summary of the job."""
    _append("GITHUB_STEP_SUMMARY", text[:MOST_TEXT] + "\n")


def _append(variable: str, text: str) -> None:
    path = os.environ.get(variable, "")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


def in_workflow() -> bool:
    """Tell whether this runs as a step of a workflow."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def warning(text: str) -> str:
    """Return a line that GitHub shows as a warning of the run; elsewhere a plain one."""
    line = printable(" ".join(text.split()))
    return f"::warning::{line.replace('%', '%25')}" if in_workflow() else f"warning: {line}"


def plain(text: str) -> str:
    """Return text so that Markdown shows it as it is: no markup, no mention, no line of its own."""
    return _MARKS.sub(r"\\\1", " ".join(text.split())).replace("\\@", "@\u2060")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table of plain texts."""
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(map(plain, row))} |" for row in rows]
    return "\n".join(lines) + "\n"


def call_api(method: str, path: str, body: Json | None = None) -> Any:
    """Return what GitHub's API answers for this repository.

    Args:
        method: GET, POST or PATCH.
        path: below the repository, such as `issues`.
        body: what is sent.

    Raises:
        EvaluatorError: it refuses or does not answer.
    """
    root, name = (os.environ.get(f"GITHUB_{n}", "") for n in ("API_URL", "REPOSITORY"))
    request = urllib.request.Request(
        f"{root}/repos/{name}/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {os.environ.get('GH_TOKEN', '')}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return json.loads(answer.read())
    except (OSError, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise EvaluatorError(f"{method} {path}: {getattr(error, 'reason', error)}") from None
