"""What the page of the queue shows: what is measured next, and which attempts failed, and why."""

from __future__ import annotations

from evaluator.board.publish.model import titled
from evaluator.board.publish.site import Site, once
from evaluator.board.publish.values import slug
from evaluator.board.queue import Pending, plan
from evaluator.core.files import Json
from evaluator.tasks import load_task, task_names

SHOWN = 200
"""Rows of each table of the page."""


@once
def queue_data(site: Site) -> Json:
    """Return the pending work in the order in which it is done, and the newest failed attempts."""
    days = {
        path.removesuffix("/submission.yaml"): change.date
        for path, change in site.added.items()
        if path.endswith("/submission.yaml")
    }
    measured = {
        model: {task for task, cell in cells.items() if cell.state == "measured"}
        for model, cells in site.cells.items()
    }
    pending = plan(site.tree, days, measured)
    titles = {entry.submission.id: entry.submission.title for entry in site.tree.entries}
    failed = [
        {
            "slug": slug(entry.submission.id),
            "title": entry.submission.title,
            "task": attempt["task"] if attempt["task"] in task_names() else "",
            "task_title": titled(site, attempt["task"]),
            "state": attempt["state"],
            "reason": attempt["reason"],
            "when": attempt["when"],
        }
        for entry in site.tree.entries
        for attempt in entry.attempts
    ]
    failed.sort(key=lambda attempt: (attempt["when"], attempt["slug"]), reverse=True)
    hours = [work.hours for work in pending if work.hours is not None]
    return {
        "pending": [work_row(work, titles[work.submission]) for work in pending[:SHOWN]],
        "n": len(pending),
        "models": len({work.submission for work in pending}),
        "hours": sum(hours) if len(hours) == len(pending) and pending else None,
        "failed": failed[:SHOWN],
        "n_failed": len(failed),
    }


def work_row(work: Pending, title: str) -> Json:
    """Return what the page shows of one pending pair, given the title of its model."""
    return {
        "slug": slug(work.submission),
        "title": title,
        "task": work.task,
        "task_title": load_task(work.task).title,
        "action": work.action,
        "reason": work.reason,
        "requests": work.requests,
    }
