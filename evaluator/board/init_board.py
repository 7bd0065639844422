"""Open a board of one's own in a fork: one new file, so that upstream's changes merge without it.

Everything of the new board stands below `board/` (evaluator/core/trees.py): what it ranks, its
submissions, results and decisions. The public ones below `submissions/` stay in the clone and are
no longer looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from evaluator.board.history import in_git, run_git
from evaluator.core.errors import EvaluatorError, did_you_mean
from evaluator.core.files import Json, write_atomic
from evaluator.core.schema import read_document
from evaluator.core.trees import OWN, UPSTREAM

HEAD = """# What this board ranks: made by `evaluator init-board`, from here on yours to edit.
# docs/en/private-board.md tells the rest.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBoard:
    """What a new board shall be."""

    title: str
    """Its name."""
    colour: str
    """#rrggbb, the accent of the site."""
    suites: tuple[str, ...]
    """Names of upstream's suites that it takes over; the first is shown on the home page."""
    gpu_runner: tuple[str, ...]
    """Labels of the runner that measures."""
    cpu_runner: str
    """Label of the runner of everything else."""
    private: bool
    """True if the site must not link outwards."""
    repository: str
    """https address of the fork."""


def open_board(repository: Path, new: NewBoard) -> Path:
    """Write `board/board.yaml` of a new board, and return its path.

    Raises:
        EvaluatorError: there is one already, or a suite that upstream does not have.
        DocumentError: all faults of what was asked for.
    """
    upstream = read_upstream(repository)
    unknown = [name for name in new.suites if name not in upstream["suites"]]
    if unknown or not new.suites:
        known = ", ".join(upstream["suites"])
        nearest = did_you_mean(unknown[0], upstream["suites"]) if unknown else ""
        told = f"no suite {', '.join(unknown) or 'named'}{nearest}"
        raise EvaluatorError(f"{told}; known here: {known}")
    text = HEAD + yaml.safe_dump(
        _facts(new, upstream),
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )
    read_document(text.encode(), f"{OWN}/board.yaml", "board")
    path = repository / OWN / "board.yaml"
    write_atomic(path, text.encode())
    return path


def read_upstream(repository: Path) -> Json:
    """Return upstream's board.yaml, which a new board takes its suites from.

    Raises:
        EvaluatorError: there is none here, or a board of one's own already.
    """
    own = repository / OWN / "board.yaml"
    if own.exists():
        raise EvaluatorError(f"{own}: this clone has a board of its own already; edit that file")
    name = f"{UPSTREAM}/board.yaml"
    try:
        data = (repository / name).read_bytes()
    except OSError:
        raise EvaluatorError(
            f"{repository / name}: not there; run this at the root of a clone of the leaderboard"
        ) from None
    return read_document(data, name, "board")[0]


def _facts(new: NewBoard, upstream: Json) -> Json:
    return {
        "schema": 1,
        "title": new.title,
        "summary": upstream["summary"],
        "repository": new.repository,
        "visibility": "private" if new.private else "public",
        "colour": new.colour.lower(),
        "runners": {"gpu": list(new.gpu_runner), "cpu": new.cpu_runner},
        "season": "1",
        "home": new.suites[0] if new.suites else "",
        "suites": {name: upstream["suites"][name] for name in new.suites},
        **_rules_of(upstream),
        "limits": upstream["limits"],
    }


def _rules_of(upstream: Json) -> Json:
    """Return of upstream's rules what does not depend on its machines."""
    listed = upstream.get("eligibility", {}).get("quantisations")
    return {} if listed is None else {"eligibility": {"quantisations": listed}}


def origin_of(repository: Path) -> str:
    """Return the https address of the clone's remote `origin`; '' if it has none."""
    asked = ("remote", "get-url", "origin")
    has_origin = in_git(repository) and "origin" in run_git(repository, "remote").decode().split()
    found = run_git(repository, *asked).decode().strip() if has_origin else ""
    named = re.fullmatch(r"(?:https?://|ssh://)?(?:[\w.-]+@)?([\w.-]+)[:/](.+?)(?:\.git)?/?", found)
    return f"https://{named[1]}/{named[2].lstrip('/')}" if named else ""
