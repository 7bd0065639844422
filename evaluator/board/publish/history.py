"""What the page of history shows of ranks: how they moved, read from git."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date

from evaluator.board.publish.changes import WEEK, events
from evaluator.board.publish.chart import Chart
from evaluator.board.publish.site import Site, once
from evaluator.board.publish.svg import Picture, linear, num
from evaluator.board.publish.words import Words
from evaluator.core.files import Json

SHOWN = 12
"""Models that the picture follows."""
DAYS = 12
"""Days in the picture: the last ones on which a model came, or the ends of months."""
WIDE, NARROW = (640, 430, 28), (360, 200, 22)
"""Of the picture on a desk and on a phone: its width, where lines end, signs of a name there."""
DAY = 75
"""Width of a day's date and the room around it."""
MOVES = 100
"""Models whose moves are told."""


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
        if now != was and len(found) < MOVES:
            above = [other["title"] for other in newer if other["index"] > row["index"]]
            found.append({"slug": row["slug"], "title": row["title"], "was": was, "now": now,
                          "above": above})  # fmt: skip
    return found


def bump_chart(data: Json, words: Words) -> Chart | None:
    """Draw the places of the first models over time; None where nothing moved in time."""
    days, series = data["days"], data["series"][:SHOWN]
    if len(days) < 2 or not series:
        return None
    wide, narrow = (_bumps(days, series, words, *size) for size in (WIDE, NARROW))
    rows = [[line["title"], *(str(rank or "–") for rank in line["ranks"])] for line in series]
    heads = [words("col.title"), *days]
    title = words("history.ranks")
    return Chart(name="ranks", title=title, picture=wide, narrow=narrow, heads=heads, rows=rows)


def _bumps(
    days: list[str], series: list[Json], words: Words, width: int, end: int, signs: int
) -> Picture:
    """Draw a line a model up to `end`, then its name with at most so many signs."""
    deepest = min(20, max(rank for line in series for rank in line["ranks"] if rank))
    picture = Picture(width, 40 + 24 * deepest + 24, words("history.about"))
    x = linear(0, len(days) - 1, 34, end)
    y = linear(1, max(deepest, 2), 24, 24 + 24 * (max(deepest, 2) - 1))
    for place in range(1, deepest + 1):
        picture.text(4, y(place) + 4, str(place), "q", 11)
    for number, day in enumerate(days):
        if number in (0, len(days) - 1) or len(days) * DAY < end:
            anchor = "start" if not number else "end" if number == len(days) - 1 else "middle"
            picture.text(x(number), picture.height - 6, day, "q", 11, anchor)
    for number, line in enumerate(series):
        spots = [(x(i), y(r)) for i, r in enumerate(line["ranks"]) if r and r <= deepest]
        kind = "a" if number < 3 else "p"
        picture.path("M" + "L".join(f"{num(a)} {num(b)}" for a, b in spots), kind, 2)
        dots = "".join(f"M{num(a)} {num(b)}h0" for a, b in spots)
        picture.path(dots, kind, 7, ' stroke-linecap="round"')
        if spots:
            picture.text(end + 12, spots[-1][1] + 4, line["title"][:signs])
    return picture
