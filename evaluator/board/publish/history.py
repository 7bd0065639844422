"""What the page of history shows: how ranks moved, and what changed, read from git."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from datetime import date, timedelta

from evaluator.board.history import Change
from evaluator.board.publish.charts import Chart
from evaluator.board.publish.site import Site, once
from evaluator.board.publish.svg import Picture, linear, num
from evaluator.board.publish.values import slug
from evaluator.board.publish.words import Words
from evaluator.core.files import Json

SHOWN = 12
"""Models that the picture follows."""
DAYS = 12
"""Days in the picture: the last ones on which a model came, or the ends of months."""
EVENTS = 100
"""Changes that the page lists."""
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
def history_data(site: Site) -> Json:
    """Return how ranks moved on the home suite and what changed, the newest first."""
    arrived = arrivals(site)
    days = chosen_days(arrived.values())
    ranked = [row for row in site.rows[site.tree.board.home] if row["model"] in arrived]
    there = {day: _indices(ranked, arrived, day) for day in days}
    series = [
        {
            "model": row["model"],
            "slug": row["slug"],
            "title": row["title"],
            "ranks": [
                _place(row, there[day]) if arrived[row["model"]] <= day else None for day in days
            ],
        }
        for row in ranked
    ]
    return {
        "suite": site.tree.board.home,
        "days": days,
        "series": series,
        "moves": moves(ranked, arrived),
        "events": events(site),
    }


def arrivals(site: Site) -> dict[str, str]:
    """Return ranked model -> the day from which all of its official numbers were committed."""
    found = {}
    for place in site.rankings[site.tree.board.home].places:
        paths = [cell.standing.path for cell in place.cells.values() if cell.standing]
        changes = [site.added.get(path) for path in paths]
        if all(changes):
            found[place.entry.submission.id] = max(change.date for change in changes if change)
    return found


def chosen_days(arrived: Iterable[str]) -> list[str]:
    """Return at most DAYS days, the last one among them: every one, else the last of each month."""
    days = sorted(set(arrived))
    if len(days) > DAYS:
        days = sorted({day[:7]: day for day in days}.values())
    return days[-DAYS:]


def _indices(ranked: list[Json], arrived: dict[str, str], day: str) -> list[float]:
    """Return the negated indices of the models that were there on a day, the best first."""
    return sorted(-row["index"] for row in ranked if arrived[row["model"]] <= day)


def _place(row: Json, there: list[float]) -> int:
    """Return the place by index that a model has among those that were there."""
    return 1 + bisect_left(there, -row["index"])


def moves(ranked: list[Json], arrived: dict[str, str]) -> list[Json]:
    """Return the models whose place by index the last week moved, and who moved it."""
    last = max(arrived.values(), default="")
    if not last:
        return []
    start = (date.fromisoformat(last) - WEEK).isoformat()
    then, today = _indices(ranked, arrived, start), _indices(ranked, arrived, last)
    found: list[Json] = []
    newer: list[Json] = []
    for row in ranked:  # the best first: who came before it in this order stands above it
        if arrived[row["model"]] > start:
            newer.append(row)
            continue
        was, now = _place(row, then), _place(row, today)
        if now != was and len(found) < EVENTS:
            above = [other["title"] for other in newer if other["index"] > row["index"]]
            found.append({"slug": row["slug"], "title": row["title"], "was": was, "now": now,
                          "above": above})  # fmt: skip
    return found


def events(site: Site) -> list[Json]:
    """Return what was added, the newest first: one entry a commit, kind and model."""
    titles = {entry.submission.id: entry.submission.title for entry in site.tree.entries}
    found: dict[tuple[str, str, str], dict[str, Json]] = {}
    prefix = f"{site.root.name}/"
    for change in reversed(site.changes):
        kind, model, task = classify(change, prefix)
        if not kind:
            continue
        key = (change.commit, kind, model)
        if key not in found and len(found) == EVENTS:
            break
        if key not in found:
            found[key] = _event(change, kind, model, titles.get(model, ""))
        tasks = found[key]["tasks"]
        tasks += [task] if task and task not in tasks else []
    return list(found.values())


def _event(change: Change, kind: str, model: str, title: str) -> dict[str, Json]:
    return {
        "day": change.date,
        "kind": kind,
        "model": model,
        "slug": slug(model) if title else "",
        "title": title or model,
        "tasks": [],
        "commit": change.commit,
        "author": change.author,
        "subject": change.subject,
    }


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


def bump_chart(data: Json, words: Words) -> Chart | None:
    """Draw the places of the first models over time; None where nothing moved in time."""
    days, series = data["days"], data["series"][:SHOWN]
    if len(days) < 2 or not series:
        return None
    deepest = min(20, max(rank for line in series for rank in line["ranks"] if rank))
    picture = Picture(640, 40 + 24 * deepest + 24, words("history.about"))
    x = linear(0, len(days) - 1, 34, 430)
    y = linear(1, max(deepest, 2), 24, 24 + 24 * (max(deepest, 2) - 1))
    for place in range(1, deepest + 1):
        picture.text(4, y(place) + 4, str(place), "q", 11)
    for number, day in enumerate(days):
        if number in (0, len(days) - 1) or len(days) < 6:
            anchor = "start" if not number else "end" if number == len(days) - 1 else "middle"
            picture.text(x(number), picture.height - 6, day, "q", 11, anchor)
    for number, line in enumerate(series):
        spots = [(x(i), y(r)) for i, r in enumerate(line["ranks"]) if r and r <= deepest]
        kind = "a" if number < 3 else "p"
        picture.path("M" + "L".join(f"{num(a)} {num(b)}" for a, b in spots), kind, 2)
        dots = "".join(f"M{num(a)} {num(b)}h0" for a, b in spots)
        picture.path(dots, kind, 7, ' stroke-linecap="round"')
        if spots:
            picture.text(442, spots[-1][1] + 4, line["title"][:28])
    rows = [[line["title"], *(str(rank or "–") for rank in line["ranks"])] for line in series]
    heads = [words("col.title"), *days]
    title = words("history.ranks")
    return Chart(name="ranks", title=title, picture=picture, heads=heads, rows=rows)


def history_page(data: Json) -> Json:
    """Return the events of the last week before the newest one, and those before."""
    newest = max((event["day"] for event in data["events"]), default="")
    if not newest:
        return {"week": [], "before": []}
    start = (date.fromisoformat(newest) - WEEK).isoformat()
    return {
        "week": [event for event in data["events"] if event["day"] > start],
        "before": [event for event in data["events"] if event["day"] <= start],
    }
