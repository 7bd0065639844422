"""What changed, read from git: the commits that are news, each with what it brought."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby

from evaluator.board.history import Change
from evaluator.board.publish.site import Site, once
from evaluator.board.publish.values import slug
from evaluator.core.files import Json

TOLD = 100
"""Commits that the page lists, entries of a feed, and models that are told of a commit."""
WEEK = timedelta(days=7)
KINDS = (
    (re.compile(r"([^/]+/[^/]+)/results/([^/]+)/[^/]+/[0-9a-f]{8}\.s\d+\.json"), "rescored"),
    (re.compile(r"([^/]+/[^/]+)/results/([^/]+)/[^/]+/[0-9a-f]{8}\.json"), "measured"),
    (re.compile(r"([^/]+/[^/]+)/()attempts/[^/]+\.json"), "failed"),
    (re.compile(r"([^/]+/[^/]+)/()submission\.yaml"), "submitted"),
    (re.compile(r"()()decisions/[^/]+\.yaml"), "decided"),
    (re.compile(r"()()seasons/[^/]+\.yaml"), "season"),
    (re.compile(r"()()board\.yaml"), "board"),
)
"""Path below submissions/ -> (model, task) and what an added file means."""


@once
def commits(site: Site) -> list[Json]:
    """Return the last commits that are news, the newest first.

    Returns:
        {day, commit, author, subject, brought: [{kind, n: models, models: the first of them as
        {model, slug, title, tasks}}]}; what says nothing of a model has one without a name.
    """
    titles = {entry.submission.id: entry.submission.title for entry in site.tree.entries}
    prefix = f"{site.root.name}/"
    found: list[Json] = []
    groups = [list(made) for _, made in groupby(site.changes, lambda change: change.commit)]
    for changes in reversed(groups):
        if len(found) < TOLD and (brought := _brought(changes, prefix, titles)):
            first = changes[0]
            found.append({"day": first.date, "commit": first.commit, "author": first.author,
                          "subject": first.subject, "brought": brought})  # fmt: skip
    return found


def _brought(changes: Iterable[Change], prefix: str, titles: dict[str, str]) -> list[Json]:
    """Return what the changes of one commit mean, kind by kind."""
    found: dict[str, dict[str, list[str]]] = {}
    for change in changes:
        kind, model, task = classify(change, prefix)
        if kind:
            tasks = found.setdefault(kind, {}).setdefault(model, [])
            tasks += [task] if task and task not in tasks else []
    return [
        {
            "kind": kind,
            "n": len(models),
            "models": [
                {
                    "model": model,
                    "slug": slug(model) if model in titles else "",
                    "title": titles.get(model, model),
                    "tasks": tasks,
                }
                for model, tasks in list(models.items())[:TOLD]
            ],
        }
        for kind, models in found.items()
    ]


def events(site: Site) -> list[Json]:
    """Return what was added, the newest first: one entry a commit, kind and model."""
    told = ("day", "commit", "author", "subject")
    found = [
        {fact: commit[fact] for fact in told} | {"kind": part["kind"]} | model
        for commit in commits(site)
        for part in commit["brought"]
        for model in part["models"]
    ]
    return found[:TOLD]


def classify(change: Change, prefix: str) -> tuple[str, str, str]:
    """Return (kind, model, task) of a change below submissions/; '' for what is no news."""
    path = change.path.removeprefix(prefix)
    for pattern, kind in KINDS:
        match = pattern.fullmatch(path)
        if match:
            changed = "changed" if kind in ("submitted", "measured") else kind
            kind = kind if change.status == "A" else "removed" if change.status == "D" else changed
            return kind, match[1], match[2]
    return "", "", ""


def by_week(commits: list[Json]) -> dict[str, list[Json]]:
    """Return the commits of the last week before the newest one, and those before."""
    newest = max((commit["day"] for commit in commits), default="")
    start = (date.fromisoformat(newest) - WEEK).isoformat() if newest else ""
    return {
        "week": [commit for commit in commits if commit["day"] > start],
        "before": [commit for commit in commits if commit["day"] <= start],
    }
