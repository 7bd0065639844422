"""What the page of the queue shows: what is measured next, and which attempts failed, and why."""

from __future__ import annotations

from evaluator.board.publish.model import titled
from evaluator.board.publish.site import Site, once
from evaluator.board.publish.values import slug
from evaluator.board.queue import plan
from evaluator.core.files import Json
from evaluator.tasks import load_task, task_names

SHOWN = 200
"""Rows of each table of the page."""


@once
def queue_data(site: Site) -> Json:
    """Return the pending work in the order in which it is done, and the newest failed attempts."""
    titles = {entry.submission.id: entry.submission.title for entry in site.tree.entries}
    days = {
        path.removesuffix("/submission.yaml"): change.date
        for path, change in site.added.items()
        if path.endswith("/submission.yaml")
    }
    pending = [
        {
            "model": work.submission,
            "slug": slug(work.submission),
            "title": titles[work.submission],
            "task": work.task,
            "task_title": load_task(work.task).title,
            "action": work.action,
            "reason": work.reason,
            "requests": work.requests,
            "hours": work.hours,
        }
        for work in plan(site.tree, days)
    ]
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
    hours = [work["hours"] for work in pending if work["hours"] is not None]
    return {
        "pending": pending[:SHOWN],
        "n": len(pending),
        "models": len({work["model"] for work in pending}),
        "hours": sum(hours) if len(hours) == len(pending) and pending else None,
        "failed": failed[:SHOWN],
        "n_failed": len(failed),
    }
