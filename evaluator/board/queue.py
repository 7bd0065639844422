"""Plan: what is asked for and not there yet. Running it twice does nothing twice."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.board.ranking import find_cell, is_current
from evaluator.board.submissions import Entry, Tree
from evaluator.measure.method import method_of
from evaluator.tasks import load_task, locked_request_set


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One pair of model and task that needs work."""

    submission: str
    """<org>/<model>."""
    task: str
    """Name of the task."""
    action: str
    """measure: a model must answer; rescore: kept responses must be scored anew."""
    reason: str
    """Why."""
    requests: int
    """Requests that a model would answer; 0 for rescore."""


def plan(tree: Tree) -> list[Pending]:
    """Return all pending work, by submission and then in the order of the suites."""
    found: list[Pending] = []
    for entry in tree.entries:
        for task in wanted_tasks(tree, entry):
            work = _pending(tree, entry, task)
            if work:
                found.append(work)
    return found


def wanted_tasks(tree: Tree, entry: Entry) -> tuple[str, ...]:
    """Return the tasks of all suites that a submission asks for, each once."""
    suites = [tree.board.suites[name] for name in entry.submission.suites]
    return tuple(dict.fromkeys(task for suite in suites for task in suite.tasks))


def _pending(tree: Tree, entry: Entry, task: str) -> Pending | None:
    method = method_of(entry.submission.kind, load_task(task))
    locked = locked_request_set(task, method)
    cell = find_cell(tree, entry, task)
    if locked is None or cell.state not in ("pending", "stale", "failed", "timeout"):
        return None
    same = [
        standing
        for standing in entry.results
        if standing.result["task"]["name"] == task
        and standing.result["request_set"]["sha256"] == locked.sha256
        and not is_current(standing, task, locked)
        and standing.result["responses"]["kept"]
    ]
    if same:
        reason = f"scored by version {same[0].result['scorer']}, now {load_task(task).scorer}"
        return Pending(
            submission=entry.submission.id, task=task, action="rescore", reason=reason, requests=0
        )
    return Pending(
        submission=entry.submission.id,
        task=task,
        action="measure",
        reason=cell.reason,
        requests=locked.requests,
    )
