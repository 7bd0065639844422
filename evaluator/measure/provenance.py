"""What varies from run to run: clock, machine, versions, the evaluator's own commit."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Protocol

from evaluator import __version__
from evaluator.core.files import Json
from evaluator.core.records import Provider
from evaluator.measure.run import Answers


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def describe_run(answers: Answers, started: str, environment: dict[str, str], trust: str) -> Json:
    """Return the `run` section of a result."""
    rate = len(answers.responses) / answers.seconds if answers.seconds > 0 else 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "trust": trust,
        "started": started,
        "seconds": answers.seconds,
        "requests_per_second": round(rate, 3),
        "tokens": answers.tokens,
        "peak_memory_bytes": peak,
        "environment": environment,
        "evaluator": evaluator_commit(),
        "runner": os.environ.get("EVALUATOR_RUNNER", ""),
    }


def cost_of(answers: Answers, provider: Provider) -> float:
    """Return what the answers cost in USD; a scored request writes one token."""
    written = sum(r.tokens if r.finish != "scored" else 1 for r in answers.responses)
    return round((answers.tokens * provider.input_price + written * provider.output_price) / 1e6, 6)


class Described(Protocol):
    """What says with which versions it computes."""

    def environment(self) -> dict[str, str]:
        """Return versions and devices."""


def describe_machine(backend: Described | None) -> dict[str, str]:
    """Return versions of what computed the numbers, and the machine."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "numpy": metadata.version("numpy"),
        **(backend.environment() if backend else {}),
    }


def evaluator_commit() -> dict[str, str | bool]:
    """Return version and commit of the running evaluator; '' if it does not stand in a clone."""
    home = Path(__file__).parents[2]

    def git(*words: str) -> str:
        command = ["git", "-C", str(home), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    commit = git("rev-parse", "HEAD") if (home / ".git").exists() else ""
    dirty = bool(commit) and bool(git("status", "--porcelain", "--", "evaluator"))
    return {"version": __version__, "commit": commit, "dirty": dirty}
