"""What the page of a model shows beside its scores: robustness, fairness, what answers rest on."""

from __future__ import annotations

from evaluator.board.profile import profile_of
from evaluator.board.publish.render import one
from evaluator.board.publish.site import Site
from evaluator.board.publish.svg import linear, num, ticks
from evaluator.board.publish.words import Words
from evaluator.board.tree import Entry
from evaluator.core.files import Json
from evaluator.tasks import load_task

FAMILIES = ("form", "people", "evidence")
LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5)
"""From so much probability on, a part is shaded one level darker."""
EDGE = 2
"""Percent of the width of a picture of losses that stay free at its ends, for its dots."""
ENDS = (("value", "loss"), ("low", "low"), ("high", "high"))


def profile_data(site: Site, entry: Entry) -> Json:
    """Return `profile_of` with the titles of its tasks: a part of `models/<slug>.json`."""
    found = profile_of(site.tree, entry)
    for row in (*found["rows"], *found["worst"], *found["gaps"], *found["erased"]):
        row["title"] = load_task(row.get("clean_task", row["task"])).title
    return found


def shares_of(data: Json) -> dict[str, dict[str, float | None]]:
    """Return suite -> column of its table -> share, of a profile."""
    return {
        suite: {kind: found and found["value"] for kind, found in told.items()}
        for suite, told in data["suites"].items()
    }


def profile_view(data: Json, words: Words) -> Json:
    """Return what the page shows of a profile; empty where there is nothing of the kind."""
    if not data["rows"] and not data["gaps"]:
        return {}
    told = [row for row in data["rows"] if row["loss"] is not None]
    return {
        "families": [
            {"family": family, "rows": rows}
            for family in FAMILIES
            if (rows := [row for row in told if row["family"] == family])
        ],
        "untold": untold([row for row in data["rows"] if row["loss"] is None]),
        "columns": any(found for columns in data["suites"].values() for found in columns.values()),
        "losses": losses(told),
        "erased": [row | {"lines": heat_lines(row["items"], words)} for row in data["erased"]],
    }


def untold(rows: list[Json]) -> list[Json]:
    """Return why rows have no number, each why once: {state, side, reason, tasks}.

    `tasks`: {task, title, hows} of each clean task that it holds for.
    """
    found: dict[tuple[str, str, str], dict[str, Json]] = {}
    for row in rows:
        tasks = found.setdefault((row["state"], row["side"], row["reason"]), {})
        task = {"task": row["clean_task"], "title": row["title"], "hows": []}
        tasks.setdefault(row["clean_task"], task)["hows"].append(row["how"])
    return [
        {"state": state, "side": side, "reason": reason, "tasks": list(tasks.values())}
        for (state, side, reason), tasks in found.items()
    ]


def heat_lines(items: list[Json], words: Words) -> list[Json]:
    """Return each item as {p, right, parts: [{text, level, points}]}; levels from -5 to 5.

    Above 0 the part spoke for the right answer, below 0 against it.
    """
    return [
        {
            "p": item["p"],
            "right": item["right"],
            "parts": [
                {
                    "text": (item["texts"] or [])[at : at + 1] or [words("profile.part", n=at + 1)],
                    "level": level_of(drop),
                    "points": one(100 * drop, 1),
                }
                for at, drop in enumerate(item["drops"])
            ],
        }
        for item in items
    ]


def level_of(drop: float) -> int:
    """Return how darkly a part is shaded, with the sign of its drop."""
    level = sum(round(abs(drop), 6) >= least for least in LEVELS)
    return level if drop >= 0 else -level


def losses(rows: list[Json]) -> Json:
    """Return where every loss and its interval stand on one scale, in percent of its width.

    Returns:
        {zero, ticks: [{at, points}], lines: [{title, how, proven, points, value, low, high}]}; {}
        without rows.
    """
    if not rows:
        return {}
    low = 100 * min(0.0, *(row["low"] for row in rows))
    high = 100 * max(0.05, *(row["high"] for row in rows))
    x = linear(low, high, EDGE, 100 - EDGE)
    return {
        "zero": num(x(0)),
        "ticks": [{"at": num(x(tick)), "points": one(tick, 0)} for tick in ticks(low, high)],
        "lines": [
            {fact: row[fact] for fact in ("title", "how", "proven")}
            | {"points": one(100 * row["loss"])}
            | {at: num(x(100 * row[end])) for at, end in ENDS}
            for row in rows
        ],
    }
