"""Audit: can every number be followed back to what was measured, and was it ever changed?

The tree is checked as `evaluator check` does; every result is computed again from what is kept of
it; and the history is read once, to prove that results are only added to. What cannot be seen from
here is listed, so that silence is never taken for proof.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from evaluator.board.attest import SIGNERS, Attestation, signed_by, verify_results
from evaluator.board.audit_history import (
    check_history,
    descendants,
    is_lasting,
    lock_paths,
    locked_once,
)
from evaluator.board.audit_seasons import check_seasons
from evaluator.board.check import check_tree
from evaluator.board.flags import find_flags
from evaluator.board.history import (
    Change,
    Commit,
    in_git,
    printable,
    read_commits,
    run_git,
)
from evaluator.board.recompute import Recomputed, recompute_all
from evaluator.board.submissions import (
    Standing,
    entry_names,
    read_decisions,
    read_standings,
    read_submission,
)
from evaluator.core.errors import EvaluatorError, Fault
from evaluator.core.files import git_blob_id
from evaluator.measure.manifest import adapter_folder, differing_files, read_lock, read_manifest
from evaluator.tasks import locked_request_set

Progress = Callable[[int, int], None]
"""(results done, results in all) -> shown to a person."""


UNSCORED = Recomputed(tier="items", unseen="not asked for", faults=())
"""What stands where kept responses were not to be scored again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """One result: who added it, and how far its numbers could be followed."""

    standing: Standing
    """The result and where it stands."""
    added: Change | None
    """The change that first added it; None if it is not committed yet."""
    recomputed: Recomputed
    """What its responses and columns give."""
    attested: Attestation | None
    """The signature that covers it; None if there is none that holds."""

    @property
    def workflow(self) -> str:
        """Address of the run that brought it: as signed, as committed, or as it says itself."""
        committed = self.added.workflow if self.added else ""
        signed = self.attested.workflow if self.attested else ""
        return signed or committed or str(self.standing.result["run"]["runner"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit saw, and what it could not see."""

    head: str
    """The commit that was audited: the anchor for the next time."""
    commits: int
    """Commits looked at."""
    results: tuple[Audited, ...]
    """Every result of the tree, by path."""
    findings: tuple[Fault, ...]
    """What must not be; paths are below submissions/."""
    notes: tuple[Fault, ...]
    """What a reader should know and what breaks no promise."""
    unseen: tuple[str, ...]
    """What this audit could not prove, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """The repository that a tree of submissions stands in."""

    top: Path
    """Its root."""
    prefix: str
    """Folder of submissions below it, with a final slash."""
    head: str
    """Commit that is checked out."""
    commits: tuple[Commit, ...]
    """All that it descends from, parents first."""
    shallow: bool
    """True if older commits are not here."""


def audit(
    root: Path,
    anchor: str = "",
    progress: Progress = lambda done, total: None,
    *,
    rescoring: bool = True,
) -> Audit:
    """Audit the tree of submissions at `root` and its whole history.

    Args:
        root: the folder submissions/ of a clone.
        anchor: a commit seen earlier, at least 7 hex digits: nothing since may have changed.
        progress: told after each result.
        rescoring: False to leave out scoring kept responses again, which needs the test data.

    Raises:
        EvaluatorError: not a git repository with a commit.
    """
    clone = read_clone(root)
    committed = _committed(clone)
    seasons = check_seasons(clone.top, clone.commits, clone.prefix)
    anchored, lost = _find_anchor(clone, anchor)
    history = check_history(
        clone.top,
        clone.commits,
        clone.prefix,
        guards={*anchored, *seasons.opened},
        decisions=read_decisions(root),
    )
    standings = read_standings(root)
    changed, uncommitted = _compare_with_head(root, committed, standings)
    added = _added(clone, committed)
    unscored = nullcontext([UNSCORED] * len(standings))
    with recompute_all(root, standings) if rescoring else unscored as recomputed:
        found = [*check_tree(root), *check_weights(root), *lost, *changed]
        held, broken = verify_results(root, {path: change.date for path, change in added.items()})
        rows = _follow(standings, recomputed, added, signed_by(held), progress)
    once = locked_once(clone.top, clone.commits, clone.prefix) | seasons.asked
    found += broken
    found += [
        fault for row in rows for fault in (*row.recomputed.faults, *_check_origin(row, once))
    ]
    found += [*history.findings, *seasons.findings, *_unsigned(rows, clone)]
    noted = [*history.notes, *uncommitted, *_late_claims(rows, clone), *_new_signers(clone)]
    noted += find_flags([row.standing for row in rows])
    return Audit(
        head=clone.head,
        commits=len(clone.commits),
        results=tuple(rows),
        findings=tuple(sorted(set(found))),
        notes=tuple(sorted(set(noted))),
        unseen=tuple(_unseen(rows, clone, anchor, history.guarded)),
    )


def _follow(
    standings: Sequence[Standing],
    recomputed: Iterable[Recomputed],
    added: Mapping[str, Change],
    signed: Mapping[str, Attestation],
    progress: Progress,
) -> list[Audited]:
    """Return every result, followed as far as it can be; a broken one is told by `check_tree`."""
    rows = []
    for standing, again in zip(standings, recomputed, strict=True):
        row = Audited(
            standing=standing,
            added=added.get(standing.path),
            recomputed=again,
            attested=signed.get(standing.path),
        )
        rows.append(row)
        progress(len(rows), len(standings))
    return rows


def read_clone(root: Path) -> Clone:
    """Return the repository around `root` with its history.

    Raises:
        EvaluatorError: there is none, or it has no commit.
    """
    if not in_git(root):
        raise EvaluatorError(
            f"{root}: not in a git repository with a commit. The history is the proof: clone the "
            "board's repository and audit that."
        )
    top, prefix, shallow = (
        run_git(root, "rev-parse", word).decode().rstrip("\n")
        for word in ("--show-toplevel", "--show-prefix", "--is-shallow-repository")
    )
    commits = read_commits(Path(top), prefix, *lock_paths(prefix))
    return Clone(
        top=Path(top),
        prefix=prefix,
        head=commits[-1].id,
        commits=tuple(commits),
        shallow=shallow == "true",
    )


def check_weights(root: Path) -> list[Fault]:
    """Return the submissions whose weights in the tree are not those of their `lock.json`."""
    faults = []
    for name in entry_names(root):
        lock = root / name / "lock.json"
        try:
            submission, _ = read_submission(root, name)
            if not submission.folder or not lock.exists():
                continue
            home = root / name
            adapter = adapter_folder(submission, home) if submission.adapter == "adapter" else None
            found = read_manifest(submission, home / submission.folder, adapter)
            locked = read_lock(lock)
            if adapter is None:  # one on the hub is not in the tree
                locked = {n: f for n, f in locked.items() if not n.startswith("adapter/")}
            differing = differing_files(locked, found)
        except EvaluatorError:
            continue  # told by check_tree
        if differing:
            message = f"does not hold the weights in the tree: {', '.join(differing)} differ"
            faults.append(Fault(f"{name}/lock.json", 0, "/manifest", message))
    return faults


def _find_anchor(clone: Clone, anchor: str) -> tuple[tuple[str, ...], list[Fault]]:
    """Return the anchor's full id, or the fault that HEAD does not descend from it."""
    if not anchor:
        return (), []
    found = tuple(c.id for c in clone.commits if len(anchor) >= 7 and c.id.startswith(anchor))
    if len(found) == 1:
        return found, []
    message = (
        f"{anchor} is no ancestor of {clone.head[:12]}: the history was rewritten since that "
        "commit was seen, or this is another repository"
    )
    return (), [Fault("", 0, "", message)]


def _added(clone: Clone, committed: Mapping[str, str]) -> dict[str, Change]:
    """Return path below submissions/ -> the change that brought the bytes that stand there now."""
    found: dict[str, Change] = {}
    for commit in clone.commits:
        for change in commit.changes:
            path = change.path.removeprefix(clone.prefix)
            if committed.get(path) == change.after:
                found.setdefault(path, change)
    return found


def _check_origin(row: Audited, once: Set[str]) -> list[Fault]:
    """Return what cannot be about when a result was measured and what it was asked."""
    result, path = row.standing.result, row.standing.path
    faults = []
    locked = locked_request_set(result["task"]["name"], result["method"])
    asked = result["request_set"]["sha256"]
    if asked not in once and not (locked and locked.sha256 == asked):
        message = "no committed tasks/lock.json and no season ever held this request set"
        faults.append(Fault(path, 0, "/request_set/sha256", message))
    started = result["run"]["started"][:10]
    if row.added and started > row.added.date:
        message = f"measured on {started}, but committed on {row.added.date}"
        faults.append(Fault(path, 0, "/run/started", message))
    return faults


def _unsigned(rows: Sequence[Audited], clone: Clone) -> list[Fault]:
    """Return results of the workflow, committed since the board has keys, that no key signed."""
    path = f"{clone.prefix}{SIGNERS}"
    first = {c.id for c in clone.commits if any(change.path == path for change in c.changes)}
    signing = descendants(clone.commits, first)
    return [
        Fault(row.standing.path, 0, "/run/trust", f"is ci, but no key of {SIGNERS} signed it")
        for row in rows
        if row.standing.result["run"]["trust"] == "ci"
        and row.attested is None
        and (row.added is None or row.added.commit in signing)
        and first
    ]


def _new_signers(clone: Clone) -> list[Fault]:
    """Return the changes of who may sign, after the file first came."""
    path = f"{clone.prefix}{SIGNERS}"
    changes = {c.commit: c for commit in clone.commits for c in commit.changes if c.path == path}
    return [
        Fault(SIGNERS, 0, "", f"who may sign changed in commit {c.commit[:12]} by {c.author}")
        for c in list(changes.values())[1:]
    ]


def _late_claims(rows: Sequence[Audited], clone: Clone) -> list[Fault]:
    """Return runs committed after another of the same key, but claiming an earlier start.

    The earliest run is the official one, so such a claim replaces the number that was shown.
    """
    order = {commit.id: number for number, commit in enumerate(clone.commits)}
    by_key: dict[tuple[str, str], list[Audited]] = {}
    for row in rows:
        if row.added:
            key = row.standing.result["submission"], row.standing.result["key"]
            by_key.setdefault(key, []).append(row)
    notes = []
    for runs in by_key.values():
        runs.sort(key=lambda row: order[row.added.commit] if row.added else 0)
        first = runs[0].standing
        for row in runs[1:]:
            claims = row.standing.result["run"]["started"]
            if claims < first.result["run"]["started"]:
                message = (
                    f"committed after {first.name}, but claims an earlier start; it is official now"
                )
                notes.append(Fault(row.standing.path, 0, "/run/started", message))
    return notes


def _committed(clone: Clone) -> dict[str, str]:
    """Return path below submissions/ -> blob id of every file at HEAD."""
    out = run_git(clone.top, "ls-tree", "-r", "-z", "HEAD", "--", clone.prefix)
    found = {}
    for line in out.decode("utf-8", errors="surrogateescape").split("\0")[:-1]:
        facts, path = line.split("\t", 1)
        found[path.removeprefix(clone.prefix)] = facts.split(" ")[2]
    return found


def _compare_with_head(
    root: Path, committed: Mapping[str, str], standings: Sequence[Standing]
) -> tuple[list[Fault], list[Fault]]:
    """Return (faults, notes) about files that differ from what is committed."""
    faults: list[Fault] = []
    notes: list[Fault] = []
    for path, blob in committed.items():
        file = root / path
        if file.is_symlink():
            continue  # told by check_tree
        if not file.is_file():
            found = "committed, but missing in the working tree"
        elif git_blob_id(file.read_bytes()) != blob:
            found = "differs from what is committed"
        else:
            continue
        (faults if is_lasting(path) else notes).append(Fault(printable(path), 0, "", found))
    for path in {standing.path for standing in standings} - committed.keys():
        notes.append(Fault(path, 0, "", "not committed yet"))
    return faults, notes


def _unseen(rows: Sequence[Audited], clone: Clone, anchor: str, guarded: bool) -> list[str]:
    """Return what could not be proved, in sentences."""
    told = []
    if not anchor:
        told.append(
            "whether the history was rewritten before this clone was made: a rewritten history "
            "looks like an honest one. Name the commit that you saw last with --anchor"
        )
    if clone.shallow:
        told.append("older commits: this clone is shallow. Fetch all of it: git fetch --unshallow")
    if not guarded:
        told.append(
            "no season has opened and no anchor is named: changed results are notes, not findings"
        )
    reasons = Counter(row.recomputed.unseen for row in rows if row.recomputed.unseen)
    told += [
        f"{count} of {len(rows)} results could not be scored again: {reason}"
        for reason, count in sorted(reasons.items())
    ]
    return told


def summary(rows: Sequence[Audited]) -> Mapping[str, int]:
    """Return how many results were followed how far: responses, items, key."""
    return Counter(row.recomputed.tier for row in rows)
