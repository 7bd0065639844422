"""Read workflow files, and refuse what the forge does not play."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from .expressions import FUNCTIONS, PLACE, STATUS, Expression, Unsupported, condition

KEYS = {
    "workflow": {"name", "on", "permissions", "concurrency", "defaults", "env", "jobs"},
    "job": {
        "name", "needs", "if", "runs-on", "timeout-minutes", "permissions", "env", "steps",
        "outputs", "strategy", "environment", "uses", "with", "concurrency",
    },
    "step": {"name", "id", "if", "uses", "with", "run", "env", "timeout-minutes"},
    "strategy": {"fail-fast", "max-parallel", "matrix"},
}  # fmt: skip
"""What a workflow, a job, a step and a strategy may say here."""
EVENTS = {
    "pull_request", "merge_group", "push", "schedule", "workflow_dispatch", "workflow_call",
}  # fmt: skip


def read_workflow(path: Path) -> dict[str, Any]:
    """Return a workflow with every scalar as text: YAML 1.1 would read the key `on` as True."""
    found: dict[str, Any] = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)
    return found


def unsupported(workflow: dict[str, Any]) -> list[str]:
    """Return everything in a workflow that the forge would not play as GitHub does."""
    found = [f"key {key}" for key in workflow.keys() - KEYS["workflow"]]
    found += [f"event {event}" for event in set(workflow["on"]) - EVENTS]
    for name, job in workflow["jobs"].items():
        found += [f"{name}: key {key}" for key in job.keys() - KEYS["job"]]
        strategy = job.get("strategy", {})
        found += [f"{name}: strategy {key}" for key in strategy.keys() - KEYS["strategy"]]
        for step in job.get("steps", []):
            found += [f"{name}: step key {key}" for key in step.keys() - KEYS["step"]]
    for text in expressions(workflow):
        try:
            called = Expression(text).functions()
        except Unsupported as error:
            found.append(str(error))
        else:
            found += [f"{f}()" for f in called - FUNCTIONS.keys() - STATUS]
    return found


def expressions(part: Any, key: str = "") -> Iterator[str]:
    """Yield the text of every expression in a workflow."""
    if isinstance(part, dict):
        for name, inner in part.items():
            yield from expressions(inner, name)
    elif isinstance(part, list):
        for inner in part:
            yield from expressions(inner)
    elif key == "if":
        yield condition(part).text
    elif isinstance(part, str):
        yield from PLACE.findall(part)


def starts(workflow: dict[str, Any], event: str, changed: list[str]) -> bool:
    """Tell whether an event on main starts a workflow; `changed` are the paths of a push."""
    wanted = workflow["on"]
    if isinstance(wanted, str | list):
        return event in wanted
    if event not in wanted:
        return False
    paths = (wanted[event] or {}).get("paths") if isinstance(wanted[event], dict) else None
    return event != "push" or not paths or any(matches(p, c) for p in paths for c in changed)


def matches(pattern: str, path: str) -> bool:
    """Tell whether a path filter of GitHub's takes a path: ** any folders, * within one."""
    parts = [
        {"**": ".*", "*": "[^/]*"}.get(part, re.escape(part))
        for part in re.split(r"(\*\*|\*)", pattern)
    ]
    return re.fullmatch("".join(parts), path) is not None


def order(jobs: dict[str, Any]) -> list[str]:
    """Return the jobs in an order in which each comes after what it needs."""
    found: list[str] = []
    while len(found) < len(jobs):
        ready = [
            name for name, job in jobs.items() if name not in found and set(needs(job)) <= {*found}
        ]
        if not ready:
            raise Unsupported(f"jobs that wait for each other: {sorted(jobs.keys() - {*found})}")
        found += ready
    return found


def needs(job: dict[str, Any]) -> list[str]:
    """Return the jobs that a job waits for."""
    wanted = job.get("needs", [])
    return [wanted] if isinstance(wanted, str) else list(wanted)
