"""Names of what one job hands to the next, and of the work that a run of the workflow plans."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from evaluator.board.history import printable
from evaluator.core.errors import EvaluatorError, OutOfTimeError, RunError, TooLongError
from evaluator.core.files import parse_json, pretty_bytes, write_atomic

SUBMISSION = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}/[a-z0-9][a-z0-9.-]{0,63}")
FETCHED = r"(lock|error)\.json"
"""Files that the fetching job hands over."""
PUBLISHED = (
    r"(results/[a-z0-9_-]+/[0-9a-f]{12}/[0-9a-f]{8}(\.s[0-9]{1,4})?\.json"
    r"|results/[a-z0-9_-]+/[0-9a-f]{12}/[0-9a-f]{8}\.responses\.jsonl\.gz"
    r"|attempts/[0-9a-z-]{8,12}-[0-9]{1,4}\.json"
    r"|lock\.json)"
)
"""Files that are published for a submission, relative to its folder."""
MOST_REASON = 500
"""Most characters of a reason that a job hands over."""
FAILURES = {kind.state: kind for kind in (OutOfTimeError, TooLongError)}
"""State -> the failure it stands for; any other is a failed run."""


ARTIFACT = re.compile(r"([a-z0-9._-]+)@(lock|scored|[0-9]{1,3}-of-[0-9]{1,3})@([0-9]{1,4})")
"""Name of what a job hands over: <name>@<part>@<attempt>."""


def latest(handed: Path) -> dict[tuple[str, str], Path]:
    """Return (name, part) -> folder of what was handed over last; a run may be started again.

    Raises:
        RunError: a folder there is nothing that a job of this workflow hands over.
    """
    found: dict[tuple[str, str], tuple[int, Path]] = {}
    for folder in sorted(handed.iterdir()) if handed.is_dir() else []:
        named = ARTIFACT.fullmatch(folder.name)
        if named is None or folder.is_symlink() or not folder.is_dir():
            raise RunError(f"{folder.name!r} is nothing that a job of this workflow hands over")
        at, attempt = (named[1], named[2]), int(named[3])
        found[at] = max(found.get(at, (0, folder)), (attempt, folder))
    return {at: folder for at, (_, folder) in found.items()}


def name_of(submission: str) -> str:
    """Return the name of a submission in artifacts."""
    return submission.replace("/", "_")


def shard_files(part: str) -> str:
    """Return a pattern of the files that a sandbox hands out for part `I-of-N` of each task."""
    return rf"[a-z0-9._-]+/{re.escape(part)}/(journal\.jsonl|shard\.json|error\.json)"


def write_failure(path: Path, error: EvaluatorError) -> None:
    """Write why a job has nothing to hand over."""
    write_atomic(path, pretty_bytes({"state": error.state, "reason": str(error)[:MOST_REASON]}))


def read_failure(path: Path) -> EvaluatorError:
    """Return the failure that was handed over in a file; its reason is one line for people."""
    try:
        said = parse_json(path.read_bytes())
        kind = FAILURES.get(str(said["state"]), RunError)
        reason = printable(" ".join(str(said["reason"]).split()))[:MOST_REASON]
    except (ValueError, KeyError, TypeError):
        return RunError("a reason was handed over that cannot be read")
    return kind(reason or "no reason was given")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One leg of a matrix: what a job works on. Nothing in it can be misread by a shell."""

    id: str
    """The submission, <org>/<model>."""
    name: str
    """The same without a slash, for artifacts; ids hold no underscore, so no two are alike."""
    shard: str = ""
    """Part of its work, as I/N; '' for all of it."""
    part: str = ""
    """The same for artifacts, as I-of-N."""
    engine: str = ""
    """vllm: the job needs the environment of that engine; '' for the usual one."""


def leg(submission: str, index: int = 0, count: int = 0, engine: str = "") -> Leg:
    """Return the leg for a submission, or for a part of its work.

    Raises:
        EvaluatorError: a name that `evaluator check` should have refused.
    """
    if not SUBMISSION.fullmatch(submission):
        raise EvaluatorError(f"{submission!r} is no name of a submission")
    return Leg(
        id=submission,
        name=name_of(submission),
        shard=f"{index}/{count}" if count else "",
        part=f"{index}-of-{count}" if count else "",
        engine=engine,
    )
