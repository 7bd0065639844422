"""What the history proves about seasons: nobody chose a seed, and what is frozen stayed frozen.

A draft commits to the sha256 of its seed; the seed itself comes in a later commit. Whoever picks a
seed that suits a model would have to know it before the submissions, and the order of the commits
shows that. Once a season is open, only an amendment moves what it froze; once closed, nothing does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from evaluator.board.history import NOTHING, Change, Commit, read_blobs
from evaluator.core.errors import DocumentError, Fault
from evaluator.core.files import Json
from evaluator.core.schema import read_document

SEASON = re.compile(r"seasons/[^/]+\.yaml", re.DOTALL)
FROZEN = ("title", "summary", "references", "seed_sha256", "seed", "opened", "suites")
"""Parts that never change once a season is open; `asked` moves with an amendment alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonsSeen:
    """What became of the seasons over the whole history."""

    opened: frozenset[str]
    """Commits in which a season stands open: from them on, results are only added to."""
    asked: frozenset[str]
    """Hashes of all request sets that any season froze."""
    closings: dict[str, set[str]]
    """Season -> commits in which it closed."""
    findings: tuple[Fault, ...]
    """Changes that must not be."""


def check_seasons(repository: Path, commits: Sequence[Commit], prefix: str) -> SeasonsSeen:
    """Return what the history says about the seasons.

    Args:
        repository: the clone.
        commits: all commits below HEAD, parents first.
        prefix: folder of submissions relative to the repository, with a final slash.
    """
    steps = [
        (commit, change)
        for commit in commits
        for change in commit.changes
        if change.path.startswith(prefix) and SEASON.fullmatch(change.path.removeprefix(prefix))
    ]
    blobs = read_blobs(repository, {b for _, c in steps for b in (c.before, c.after)})
    read = {blob: _read(data) for blob, data in blobs.items()}
    findings, opened = set(), set()
    closings: dict[str, set[str]] = {}
    for commit, change in steps:
        before, after = (_at(read, blob) for blob in (change.before, change.after))
        if after and after.get("opened"):
            opened.add(commit.id)
        if after and after.get("closed") and not (before or {}).get("closed"):
            closings.setdefault(PurePosixPath(change.path).stem, set()).add(commit.id)
        if before is None or after is None:
            continue  # a form that is no longer read
        told = _moved(before, after)
        if _is_own(commit, change):
            told += _chosen_seed(before, after)
        findings |= {_fault(change, prefix, message) for message in told}
    asked = {s["sha256"] for doc in read.values() if doc for s in _request_sets(doc)}
    return SeasonsSeen(
        opened=frozenset(opened),
        asked=frozenset(asked),
        closings=closings,
        findings=tuple(sorted(findings)),
    )


def _read(data: bytes) -> Json:
    """Return a season as it was, None for one that cannot be read."""
    try:
        return read_document(data, "season", "season")[0]
    except DocumentError:
        return None


def _at(read: dict[str, Json], blob: str) -> Json:
    return {} if blob == NOTHING else read[blob]


def _is_own(commit: Commit, change: Change) -> bool:
    """Tell whether a commit wrote the file itself; a merge may take it from one of its parents."""
    return sum(c.path == change.path for c in commit.changes) >= len(commit.parents)


def _moved(before: Json, after: Json) -> list[str]:
    """Return what changed that was settled before."""
    if not after:
        return ["removed"] if before.get("opened") or before.get("seed_sha256") else []
    if before.get("closed"):
        return ["changed after it closed"] if before != after else []
    committed = before.get("seed_sha256")
    if committed and committed != after.get("seed_sha256"):
        return ["committed to another seed than before"]
    if not before.get("opened"):
        return []
    told = [f"{part} changed after it opened" for part in FROZEN
            if before.get(part) != after.get(part)]  # fmt: skip
    earlier, later = before.get("amendments", []), after.get("amendments", [])
    if later[: len(earlier)] != earlier:
        told.append("an amendment was changed or removed")
    if before["asked"] != after["asked"] and len(later) <= len(earlier):
        told.append("what it asks changed without an amendment")
    return told


def _chosen_seed(before: Json, after: Json) -> list[str]:
    """Return that a seed came without its hash having been committed before."""
    if not after.get("seed") or before.get("seed") or before.get("seed_sha256"):
        return []
    return ["its seed came in the commit that first names its hash: it could have been chosen"]


def _request_sets(season: Json) -> list[Json]:
    return [s for task in season.get("asked", {}).values() for s in task["request_sets"].values()]


def _fault(change: Change, prefix: str, message: str) -> Fault:
    where = f"in commit {change.commit[:12]} of {change.date} by {change.author}"
    return Fault(change.path.removeprefix(prefix), 0, "", f"{message}, {where}")
