"""What the history proves: results are only added to, a model stays, a removal has its decision.

Every commit is compared with each of its parents, merges too. If no such step changes or removes
what was committed, nothing ever was, whatever way the branches went.

Before the first season opens, a board is in development: there a change is told as a note. From the
commit that opened it on, and from an anchor on, it is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from evaluator.board.history import NOTHING, Change, Commit, printable, read_blobs
from evaluator.core.errors import DocumentError, EvaluatorError, Fault
from evaluator.core.files import Json, parse_json
from evaluator.core.schema import read_document

LASTING = re.compile(
    r"[^/]+/[^/]+/results/[^/]+/[^/]+/[0-9a-f]{8}(\.s[0-9]+)?\.json"
    r"|[^/]+/[^/]+/attempts/[^/]+\.json"
    r"|decisions/[^/]+\.yaml"
    r"|attestations/[^/]+",
    re.DOTALL,
)
"""Files below submissions/ that are added once and never touched again."""
RESPONSES = re.compile(
    r"([^/]+/[^/]+)/results/([^/]+)/[^/]+/([0-9a-f]{8})\.responses\.jsonl\.gz", re.DOTALL
)
"""Kept responses: a takedown may remove them, nothing may change them."""
SUBMISSION = re.compile(r"([^/]+/[^/]+)/submission\.yaml", re.DOTALL)
WORDS = {"M": "changed", "D": "removed", "T": "replaced by another kind of file"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found in the history."""

    findings: tuple[Fault, ...]
    """Changes that must not be."""
    notes: tuple[Fault, ...]
    """The same before the guarantee began."""
    guarded: bool
    """True if a season has opened or an anchor is named: changes since are findings."""


def check_history(
    repository: Path,
    commits: Sequence[Commit],
    prefix: str,
    *,
    guards: Collection[str],
    decisions: Sequence[Json],
) -> Verdict:
    """Return every change of what must last.

    Args:
        repository: the clone.
        commits: all commits below HEAD, parents first, as `read_commits` gives them.
        prefix: folder of submissions relative to the repository, with a final slash.
        guards: commits from which on nothing may change, beside the opening of a season.
        decisions: those that stand in the tree.
    """
    guarded = descendants(commits, guards)
    told: dict[tuple[str, str], tuple[bool, Fault]] = {}
    for change in _below(commits, prefix):
        message = _broken(change, prefix, decisions)
        if not message:
            continue
        fault = Fault(_path(change, prefix), 0, "", f"{message} {_where(change)}")
        key = (fault.path, change.commit)
        binding = change.parent in guarded
        if key not in told or binding:
            told[key] = (binding, fault)
    found = list(told.values()) + [
        (change.parent in guarded, fault)
        for change, fault in _moved_models(repository, commits, prefix, decisions)
    ]
    return Verdict(
        findings=tuple(sorted({fault for binding, fault in found if binding})),
        notes=tuple(sorted({fault for binding, fault in found if not binding})),
        guarded=bool(guarded),
    )


def descendants(commits: Sequence[Commit], first: Collection[str]) -> set[str]:
    """Return the commits of `first` and all that descend from one; `commits` has parents first."""
    found: set[str] = set()
    for commit in commits:
        if commit.id in first or any(parent in found for parent in commit.parents):
            found.add(commit.id)
    return found


def lock_paths(prefix: str) -> tuple[str, str]:
    """Return where request sets stand, relative to the repository: of all boards, of this one."""
    built_in = PurePosixPath(prefix).parent / "evaluator/tasks/lock.json"
    return built_in.as_posix(), f"{prefix}tasks.lock.json"


def is_lasting(path: str) -> bool:
    """Tell whether a file below submissions/ is evidence: added once and never touched again."""
    return bool(LASTING.fullmatch(path) or RESPONSES.fullmatch(path))


def locked_once(repository: Path, commits: Sequence[Commit], prefix: str) -> set[str]:
    """Return the hashes of all request sets that any committed lock held."""
    paths = lock_paths(prefix)
    blobs = {c.after for commit in commits for c in commit.changes if c.path in paths}
    found: set[str] = set()
    for data in read_blobs(repository, blobs).values():
        try:
            _collect_hashes(parse_json(data), found)
        except ValueError:
            continue  # a state that never worked locked nothing
    return found


def _collect_hashes(value: Json, found: set[str]) -> None:
    """Add every `sha256` inside a lock, whatever form it had at the time."""
    if isinstance(value, dict):
        if isinstance(value.get("sha256"), str):
            found.add(value["sha256"])
        for inner in value.values():
            _collect_hashes(inner, found)


def _below(commits: Iterable[Commit], prefix: str) -> Iterable[Change]:
    for commit in commits:
        yield from (change for change in commit.changes if change.path.startswith(prefix))


def _path(change: Change, prefix: str) -> str:
    return printable(change.path.removeprefix(prefix))


def _where(change: Change) -> str:
    return f"in commit {change.commit[:12]} of {change.date} by {change.author}"


def _broken(change: Change, prefix: str, decisions: Sequence[Json]) -> str:
    """Return how a change breaks what must last; '' if it does not."""
    if change.status not in WORDS:
        return ""
    path = change.path.removeprefix(prefix)
    if LASTING.fullmatch(path):
        return f"{WORDS[change.status]} after it was committed; it may only be added,"
    responses = RESPONSES.fullmatch(path)
    if responses is None:
        return ""
    if change.status != "D":
        return f"{WORDS[change.status]} after it was committed; responses are never replaced,"
    submission, task, run = responses.groups()
    if _decided(decisions, ("takedown",), submission, task, run):
        return ""
    return "removed without a takedown decision"


def _decided(
    decisions: Sequence[Json], actions: tuple[str, ...], submission: str, task: str, run: str = ""
) -> bool:
    """Tell whether a decision covers this result."""
    return any(
        decision["action"] in actions
        and decision["submission"] == submission
        and decision.get("task", task) == task
        and decision.get("run", run) == run
        for decision in decisions
    )


def _moved_models(
    repository: Path, commits: Sequence[Commit], prefix: str, decisions: Sequence[Json]
) -> list[tuple[Change, Fault]]:
    """Return changes of a submission.yaml, after its results came, that move what they mean."""
    measured: set[str] = set()
    late: list[tuple[Change, str]] = []
    for change in _below(commits, prefix):
        path = change.path.removeprefix(prefix)
        if change.status == "A" and "/results/" in path and LASTING.fullmatch(path):
            measured.add("/".join(path.split("/")[:2]))
        found = SUBMISSION.fullmatch(path)
        if found and found[1] in measured and change.status in WORDS:
            late.append((change, found[1]))
    blobs = read_blobs(repository, {b for c, _ in late for b in (c.before, c.after)})
    faults = []
    for change, submission in late:
        before, after = (_declared(blobs.get(b, b""), b) for b in (change.before, change.after))
        for message in _moves(before, after, submission, decisions):
            faults.append((change, Fault(_path(change, prefix), 0, "", message + _where(change))))
    return faults


def _declared(data: bytes, blob: str) -> Json:
    """Return a submission.yaml as it was; {} for none, None for one that cannot be read."""
    if blob == NOTHING:
        return {}
    try:
        return read_document(data, "submission.yaml", "submission")[0]
    except (DocumentError, EvaluatorError):
        return None


def _moves(before: Json, after: Json, submission: str, decisions: Sequence[Json]) -> list[str]:
    if after == {}:
        return ["removed with the results it has "]
    if before is None or after is None:
        return []  # a form that is no longer read; the present one is checked by `check`
    found = []
    if before["model"] != after["model"]:
        found.append("the model was changed under its results ")
    gone = sorted(set(before["suites"]) - set(after["suites"]))
    if gone and not _decided(decisions, ("withdraw",), submission, ""):
        found.append(f"its results left the suite {', '.join(gone)} without a withdraw decision ")
    return found
