"""What the page of a model shows beside its scores: robustness, fairness, what answers rest on."""

from __future__ import annotations

from evaluator.board.profile import profile_of
from evaluator.board.publish.render import one
from evaluator.board.publish.site import Site
from evaluator.board.publish.svg import Picture, linear, num, ticks
from evaluator.board.publish.words import Words
from evaluator.board.submissions import Entry
from evaluator.core.files import Json
from evaluator.tasks import load_task

FAMILIES = ("form", "people", "evidence")
LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5)
"""From so much probability on, a part is shaded one level darker."""
WIDTH, NAMES, ROW, ABOVE, BELOW = 640, 300, 24, 12, 40
SIGNS = 46
"""Of a task's title and what was changed that fit before the lines."""


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
        "picture": loss_picture(told, words),
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


def loss_picture(rows: list[Json], words: Words) -> Picture | None:
    """Draw every loss with its interval; a proven one in the accent. None without rows."""
    if not rows:
        return None
    height = ABOVE + ROW * len(rows) + BELOW
    picture = Picture(WIDTH, height, words("profile.about"))
    low = 100 * min(0.0, *(row["low"] for row in rows))
    high = 100 * max(0.05, *(row["high"] for row in rows))
    x = linear(low, high, NAMES, WIDTH - 14)
    for tick in ticks(low, high):
        picture.path(f"M{num(x(tick))} {ABOVE}V{height - BELOW + 4}", "l")
        picture.text(x(tick), height - BELOW + 18, one(tick, 0), "q", 11, "middle")
    picture.path(f"M{num(x(0))} {ABOVE}V{height - BELOW + 4}", "p", 1.5)
    picture.text(WIDTH - 14, height - 6, words("profile.axis"), "q", 11, "end")
    for number, row in enumerate(rows):
        y = ABOVE + ROW * number + ROW // 2
        title, how = words.say(row["title"]), words.name("change", row["how"])
        most = SIGNS - len(how)
        title = title if len(title) <= most else title[: most - 1] + "…"
        picture.text(4, y + 4, f"{title}{words('colon')}{how}")
        kind = "a" if row["proven"] else "p"
        picture.path(f"M{num(x(100 * row['low']))} {y}H{num(x(100 * row['high']))}", kind, 2)
        dot = f"M{num(x(100 * row['loss']))} {y}h0"
        picture.path(dot, kind, 8, ' stroke-linecap="round"')
    return picture
