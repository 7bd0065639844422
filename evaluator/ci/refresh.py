"""Refresh: the weekly look at everything that stands -> an issue for what a person must see.

Numbers are followed back, and pinned test sets are compared with where they came from. No pin moves
by itself: the issue holds what the pull request that takes a newer one needs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from evaluator.board.attest_github import unattested
from evaluator.board.audit import audit
from evaluator.board.audited import Audit
from evaluator.ci.github import MOST_TEXT, run_address, table
from evaluator.core.errors import Fault, counted
from evaluator.core.files import Json, sha256
from evaluator.measure.refresh import proposal_text, propose_newer

MOST_ROWS = 100
"""Findings that are listed, and newest results that GitHub is asked about."""


def audit_issue(root: Path, deep: int, *, attested: bool = False) -> tuple[Json | None, str]:
    """Audit the tree and its history; return (issue or None, summary in Markdown).

    Args:
        root: the folder submissions/.
        deep: items to measure again, of models whose files are at hand; another draw each week.
        attested: ask GitHub whether the board's workflow made the newest results.
    """
    found = audit(root)
    if attested:
        found = _ask_github(root, found)
    if deep:
        found = _go_deep(root, found, deep)
    told = tell(found.findings, found.unseen, len(found.results))
    if not found.findings:
        return None, told
    body = f"{told}\nThe same by hand: `evaluator audit`\n\nRun: {run_address()}\n"
    return {"title": "The audit has findings", "body": body[:MOST_TEXT]}, told


def _ask_github(root: Path, found: Audit) -> Audit:
    own = [row.standing for row in found.results if row.standing.result["run"]["trust"] == "ci"]
    newest = sorted(own, key=lambda s: (s.result["run"]["started"], s.path))[-MOST_ROWS:]
    server, repository = (os.environ.get(f"GITHUB_{n}", "") for n in ("SERVER_URL", "REPOSITORY"))
    more = unattested(root, [standing.path for standing in newest], server, repository)
    return replace(found, findings=tuple(sorted({*found.findings, *more})))


def _go_deep(root: Path, found: Audit, deep: int) -> Audit:
    from evaluator.board.audit_deep import audit_deep
    from evaluator.measure.measurement import Settings

    week = datetime.now(UTC).strftime("%G-W%V")
    seed = int(sha256(week.encode())[:8], 16)
    settings = Settings(out=root, work=Path("build/runs"))
    at_hand = [
        row
        for row in found.results
        if (root / row.standing.result["submission"] / "weights").is_dir()
    ]
    again = audit_deep(root, at_hand, deep, seed, settings, lambda *_: None)
    findings = tuple(sorted({*found.findings, *again.findings}))
    return replace(found, findings=findings, unseen=(*found.unseen, *again.unseen))


def tell(findings: Sequence[Fault], unseen: Sequence[str], results: int) -> str:
    """Return what an audit found, in Markdown."""
    if not findings:
        text = f"## {counted(results, 'result')} followed back, nothing found\n"
    else:
        rows = [(f.path, f.pointer, f.message) for f in findings[:MOST_ROWS]]
        text = f"## {counted(len(findings), 'finding')}\n\n{table(('file', 'where', 'what'), rows)}"
    if unseen:
        text += f"\n### Not seen\n\n{table(('what',), [(what,) for what in unseen])}"
    return text


def outdated_issue(names: Sequence[str]) -> tuple[Json | None, list[str]]:
    """Return (an issue that proposes newer pins of these tasks or None, what could not be asked).

    A repository that moved on without touching the pinned file proposes nothing.
    """
    proposals, failures = propose_newer(names)
    newer = [found for found in proposals if found.after.sha256 != found.before.sha256]
    if not newer:
        return None, failures
    told = proposal_text(newer)
    head = f"`evaluator data bump` wrote this proposal. Run: {run_address()}\n\n"
    # another title once there is more to tell, so that the same is told once
    title = f"Newer test data: {counted(len(newer), 'file')}, {sha256(told.encode())[:8]}"
    return {"title": title, "body": f"{head}{told}"[:MOST_TEXT]}, failures
