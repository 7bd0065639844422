"""Plan: what is missing on main -> the jobs of this run of the workflow.

It looks at what stands, not at what has changed, so that a run which was cancelled or lost costs
time and nothing else, and running it again does nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from evaluator.board import queue
from evaluator.board.cells import failed_attempts, question_of
from evaluator.board.check import check_tree
from evaluator.board.eligibility import hours_used
from evaluator.board.history import days_added
from evaluator.board.queue import Pending
from evaluator.board.submissions import read_tree
from evaluator.board.tree import Tree
from evaluator.ci.github import table
from evaluator.ci.handed import Leg, leg
from evaluator.core.errors import DocumentError
from evaluator.core.records import Submission
from evaluator.measure.size import listed_size, why_too_large

MOST_LEGS = 256
"""Most legs of a matrix, set by GitHub."""
MOST_TRIES = 3
"""After so many failures of the same measurement only a person starts it again."""
HOURS_A_SHARD = 4.0
"""Work is cut into shards of about this length."""
MOST_SHARDS = 8
"""Most shards of one submission."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a run of the workflow does."""

    measure: tuple[Leg, ...]
    """Shards of models to run."""
    served: tuple[Leg, ...]
    """Submissions that a provider serves."""
    submissions: tuple[Leg, ...]
    """Submissions whose results are scored and published."""
    fetch: tuple[Leg, ...]
    """Submissions whose files are fetched."""
    new: bool
    """True: a model is run that has no lock yet; people approve it first."""
    told: str
    """The plan, in Markdown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Work that this run leaves alone."""

    pending: Pending
    """The work."""
    reason: str
    """Why."""


def plan_run(root: Path, only: str, month: str) -> Work:
    """Return the work of a run.

    Args:
        root: the folder submissions/ of main.
        only: do this submission alone, whatever failed or was used up; '' for all.
        month: the calendar month, as 2026-11.

    Raises:
        DocumentError: main is not what it must be; nothing is measured then.
    """
    if faults := check_tree(root):
        raise DocumentError(faults)
    tree = read_tree(root)
    work = [w for w in queue.plan(tree, days_added(root)) if only in ("", w.submission)]
    held = [] if only else hold_back(tree, work, month)
    left_out = {(h.pending.submission, h.pending.task) for h in held}
    now = [w for w in work if (w.submission, w.task) not in left_out]
    entries = {entry.submission.id: entry for entry in tree.entries}
    names = list(dict.fromkeys(w.submission for w in now))[:MOST_LEGS]
    measured = [n for n in names if any(w.submission == n and w.action == "measure" for w in now)]
    own = [n for n in measured if not entries[n].submission.provider]
    return Work(
        measure=tuple(cut_legs([entries[n].submission for n in own], now))[:MOST_LEGS],
        served=tuple(leg(n) for n in measured if entries[n].submission.provider),
        submissions=tuple(leg(n) for n in names),
        fetch=tuple(leg(n) for n in own),
        new=any(not (root / name / "lock.json").exists() for name in measured),
        told=tell(now, held),
    )


def hold_back(tree: Tree, work: Sequence[Pending], month: str) -> list[Held]:
    """Return the work that waits for a person or for the next month."""
    entries = {entry.submission.id: entry for entry in tree.entries}
    results = [standing.result for entry in tree.entries for standing in entry.results]
    cap = tree.board.eligibility.gpu_hours_per_month
    used: dict[str, float] = {}
    large = too_large(tree, list(dict.fromkeys(w.submission for w in work)))
    held = []
    for pending in work:
        if pending.action != "measure":
            continue
        organisation = pending.submission.partition("/")[0]
        before = used.setdefault(organisation, hours_used(results, organisation, month))
        question = question_of(tree, pending.task)
        if pending.submission in large:
            reason = large[pending.submission]
        elif len(failed_attempts(entries[pending.submission], question)) >= MOST_TRIES:
            reason = f"failed {MOST_TRIES} times; start the workflow for it by hand to try again"
        elif cap and before + (pending.hours or 0) > cap:
            reason = f"{organisation} has used {before:.1f} of its {cap:g} hours this month"
        else:
            used[organisation] = before + (pending.hours or 0)
            continue
        held.append(Held(pending=pending, reason=reason))
    return held


def too_large(tree: Tree, names: Sequence[str]) -> dict[str, str]:
    """Return submission -> why it has no room on the runner, by what the hub lists.

    A model with results was fetched before; what the hub does not list is looked at when fetched.
    """
    room = tree.board.eligibility.model_bytes
    new = [e.submission for e in tree.entries if e.submission.id in names and not e.results]
    found = {model.id: why_too_large(model, listed_size(model), room) for model in new if room}
    return {name: reason for name, reason in found.items() if reason}


def cut_legs(submissions: Sequence[Submission], work: Sequence[Pending]) -> list[Leg]:
    """Return the shards of each submission, by the time that its work is expected to take."""
    legs = []
    for one in submissions:
        mine = [w for w in work if w.submission == one.id and w.action == "measure"]
        hours = sum(w.hours or 0 for w in mine)
        count = min(MOST_SHARDS, max(1, round(hours / HOURS_A_SHARD)))
        legs += [leg(one.id, index, count, one.engine) for index in range(1, count + 1)]
    return legs


def tell(work: Sequence[Pending], held: Sequence[Held]) -> str:
    """Return the plan for people, in Markdown."""
    if not work and not held:
        return "## Nothing to do\n\nEverything that is asked for is there.\n"
    rows = [
        [w.submission, w.task, w.action, f"{w.requests:,}", amount(w.tokens), hours(w.hours),
         w.reason]
        for w in work
    ]  # fmt: skip
    columns = ("submission", "task", "what", "requests", "tokens", "hours", "why")
    text = f"## Planned\n\n{table(columns, rows)}"
    if held:
        waiting = [[h.pending.submission, h.pending.task, h.reason] for h in held]
        text += f"\n## Waiting\n\n{table(('submission', 'task', 'why'), waiting)}"
    return text


def amount(tokens: float | None) -> str:
    """Return a number of tokens for people."""
    return "unknown" if tokens is None else f"{tokens:,.0f}"


def hours(value: float | None) -> str:
    """Return hours for people, in minutes where they are few."""
    if value is None:
        return "unknown"
    if value < 1 / 60:
        return "under 1 min" if value else ""
    return f"{value * 60:.0f} min" if value < 1 else f"{value:.1f} h"


def matrices(work: Work) -> dict[str, object]:
    """Return the outputs of the job: one matrix for each kind of job."""
    legs = {"measure": work.measure, "served": work.served, "fetch": work.fetch,
            "submissions": work.submissions}  # fmt: skip
    found: dict[str, object] = {name: [asdict(leg) for leg in of] for name, of in legs.items()}
    return found | {"new": work.new}
