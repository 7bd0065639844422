"""Audit: can every number be followed back to what was measured, and was it ever changed?

The tree is checked as `evaluator check` does; every result is computed again from what is kept of
it; and the history is read once, to prove that results are only added to. What cannot be seen from
here is listed, so that silence is never taken for proof.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import nullcontext
from pathlib import Path

from evaluator.board.attest import SIGNERS, Attestation, signed_by, verify_results
from evaluator.board.audit_history import (
    check_history,
    descendants,
    locked_once,
)
from evaluator.board.audit_seasons import check_seasons
from evaluator.board.audited import Audit, Audited
from evaluator.board.check import check_tree
from evaluator.board.claims import check_claims
from evaluator.board.clone import Clone, added_by, committed_files, compare_with_head, read_clone
from evaluator.board.flags import find_flags
from evaluator.board.history import (
    Change,
)
from evaluator.board.recompute import Recomputed, recompute_all
from evaluator.board.submissions import (
    entry_names,
    read_decisions,
    read_seasons,
    read_standings,
    read_submission,
)
from evaluator.board.tree import Standing
from evaluator.core.errors import EvaluatorError, Fault
from evaluator.measure.manifest import adapter_folder, differing_files, read_lock, read_manifest
from evaluator.tasks import locked_request_set

Progress = Callable[[int, int], None]
"""(results done, results in all) -> shown to a person."""


UNSCORED = Recomputed(tier="items", unseen="not asked for", faults=())
"""What stands where kept responses were not to be scored again."""


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
    committed = committed_files(clone)
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
    changed, uncommitted = compare_with_head(root, committed, standings)
    added = added_by(clone, committed)
    unscored = nullcontext([UNSCORED] * len(standings))
    with recompute_all(root, standings) if rescoring else unscored as recomputed:
        found = [*check_tree(root), *check_weights(root), *lost, *changed]
        held, broken = verify_results(root, {path: change.date for path, change in added.items()})
        rows = _follow(standings, recomputed, added, signed_by(held), progress)
    once = locked_once(clone.top, clone.commits, clone.prefix) | seasons.asked
    found += broken
    found += [fault for row in rows for fault in (*row.recomputed.faults, *_check_asked(row, once))]
    found += [*history.findings, *seasons.findings, *_unsigned(rows, clone)]
    late, claimed = check_claims(
        rows, clone.commits, read_seasons(root), seasons.closings, read_decisions(root)
    )
    found += late
    noted = [*history.notes, *uncommitted, *claimed, *_new_signers(clone)]
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


def _check_asked(row: Audited, once: Set[str]) -> list[Fault]:
    """Return that a result was asked what nobody ever asked."""
    result, path = row.standing.result, row.standing.path
    faults = []
    locked = locked_request_set(result["task"]["name"], result["method"])
    asked = result["request_set"]["sha256"]
    if asked not in once and not (locked and locked.sha256 == asked):
        message = "no committed tasks/lock.json and no season ever held this request set"
        faults.append(Fault(path, 0, "/request_set/sha256", message))
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
