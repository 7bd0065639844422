"""What the page of a suite shows."""

from __future__ import annotations

import math

from evaluator.board.profile import offered
from evaluator.board.publish.charts import suite_charts
from evaluator.board.publish.profile import FAMILIES
from evaluator.board.publish.season import opened_seasons
from evaluator.board.publish.site import Site
from evaluator.board.publish.words import Words
from evaluator.core.files import Json
from evaluator.tasks import load_task, locked_request_set
from evaluator.tasks.changes import CHANGES
from evaluator.tasks.varied import how_of

ROWS = 50
"""Rows of a page of the table."""
PRESETS = {
    "3b": (None, 3),
    "8b": (None, 8),
    "13b": (None, 13),
    "34b": (None, 34),
    "more": (34, None),
}
"""Preset chip -> smallest and largest model, in billions of parameters; None: no end."""


def suite_data(site: Site, name: str, words: Words) -> Json:
    """Return what the page of a suite shows."""
    suite = site.tree.board.suites[name]
    rows = site.rows[name]
    ranked = [row for row in rows if row["best_rank"]]
    ends = [end for row in ranked for end in (row["low"], row["high"], 0.0, 100.0)]
    areas = {area: [entry.task for entry in entries] for area, entries in suite.areas.items()}
    titles = {task: words.say(load_task(task).title) for task in suite.tasks}
    data = {
        "suite": name,
        "title": suite.title,
        "summary": suite.summary,
        "season": site.tree.board.season,
        "seasons": [season.name for season in opened_seasons(site)],
        "areas": areas,
        "titles": titles,
        "ranked": ranked,
        "unranked": [row for row in rows if not row["best_rank"]],
        "pages": -(-len(ranked) // ROWS),
        "scale": (min(ends, default=0.0), max(ends, default=100.0)),
        "last_result": max((row["measured"] for row in ranked), default=""),
        "commit": site.changes[-1].commit if site.changes else "",
        "headline": headline(ranked, words),
        "presets": presets(ranked),
        "asked": asked(site, name),
        "waiting": waiting(site, name),
        "beside": beside(site, name),
        "again": again(site, name),
        "offered": offered(suite.measured),
        "charts": suite_charts(ranked, titles, words),
    }
    return data | {"script": script_data(data, words)}


def headline(ranked: list[Json], words: Words) -> str:
    """Say in words who leads and whether the data can tell the leaders apart."""
    leaders = [row["title"] for row in ranked if row["tie_number"] == 1]
    if not leaders:
        return words("headline.none")
    if len(leaders) == 1:
        return words("headline.one", leader=leaders[0])
    if len(leaders) > 6:
        first = words.listed(leaders[:3])
        return words("headline.many", first=first, more=len(leaders) - 3, all=len(leaders))
    return words("headline.tie", leaders=words.listed(leaders))


def presets(ranked: list[Json]) -> list[str]:
    """Return the preset chips that would change what is shown."""
    billions = [row["parameters"] / 1e9 for row in ranked]
    sizes = [
        key
        for key, (low, high) in PRESETS.items()
        if len({(low or 0) <= size <= (high or math.inf) for size in billions}) == 2
    ]
    kinds = [key for key in ("open", "reproduced") if len({row[key] for row in ranked}) == 2]
    return ["all", *sizes, *kinds]


def asked(site: Site, name: str) -> list[Json]:
    """Return the tasks of a suite with their reason, their guesser and the model that leads."""
    found = []
    for area, entries in site.tree.board.suites[name].areas.items():
        for entry in entries:
            locked = locked_request_set(entry.task)
            scored = [r for r in site.rows[name] if r["tasks"][entry.task]["value"] is not None]
            best = max(scored, key=lambda r: r["tasks"][entry.task]["skill"], default=None)
            leader = best and {
                "title": best["title"],
                "slug": best["slug"],
                "value": best["tasks"][entry.task]["value"],
            }
            found.append(
                {
                    "area": area,
                    "first": len(entries) if entry is entries[0] else 0,  # rows of the area's cell
                    "task": entry.task,
                    "title": load_task(entry.task).title,
                    "reason": entry.reason,
                    "baseline": locked.baseline if locked else None,
                    "leader": leader,
                }
            )
    return found


def waiting(site: Site, name: str) -> list[Json]:
    """Return the tasks of a suite that nobody can measure yet."""
    return [
        {"area": area, "task": t.task, "title": load_task(t.task).title, "reason": t.reason}
        for area, tasks in site.tree.board.suites[name].waiting.items()
        for t in tasks
    ]


def beside(site: Site, name: str) -> list[Json]:
    """Return the tasks of a suite that are measured and shown outside its index, and why."""
    return [
        {
            "area": area,
            "task": t.task,
            "title": load_task(t.task).title,
            "reason": t.reason,
            "open_licence": load_task(t.task).open_licence,
        }
        for area, tasks in site.tree.board.suites[name].beside.items()
        for t in tasks
        if not load_task(t.task).varies
    ]


def again(site: Site, name: str) -> list[Json]:
    """Return the varied tasks of a suite by family, with how many items they ask and why."""
    found = []
    for tasks in site.tree.board.suites[name].beside.values():
        for entry in tasks:
            task, locked = load_task(entry.task), locked_request_set(entry.task)
            if task.varies and locked:
                how = how_of(task)
                found.append(
                    {
                        "task": task.name,
                        "title": load_task(task.varies).title,
                        "how": how,
                        "family": CHANGES[how].family,
                        "n": locked.n,
                        "reason": entry.reason,
                    }
                )
    return sorted(found, key=lambda row: FAMILIES.index(row["family"]))


def script_data(data: Json, words: Words) -> Json:
    """Return what the script of the table must know before it reads the columns."""
    return {
        "suite": data["suite"],
        "areas": {area: words.name("area", area) for area in data["areas"]},
        "tasks": data["titles"],
        "beside": {kind: words(f"beside.{kind}") for kind in data["offered"]},
        "scale": data["scale"],
        "rows": ROWS,
        "presets": PRESETS,
        "words": words.starting("js.")
        | words.starting("preset.")
        | words.starting("col.")
        | {"columns": words("table.columns"), "filters": words("table.filters")},
        "names": {
            f"{fact}.{word}": said
            for fact in ("kind", "trust")
            for word, said in words.starting(f"{fact}.").items()
        },
    }
