"""What the page of a season shows: its rankings as it asked, for as long as the board stands."""

from __future__ import annotations

from evaluator.board.publish.rows import ranking_data
from evaluator.board.publish.site import Site
from evaluator.board.suites import Season
from evaluator.core.files import Json
from evaluator.tasks import load_task, task_names


def opened_seasons(site: Site) -> list[Season]:
    """Return the seasons that have a page: open and closed ones, the newest first."""
    seasons = [season for season in site.tree.seasons if season.opened]
    return sorted(seasons, key=lambda season: (season.opened, season.name), reverse=True)


def season_data(site: Site, season: Season) -> Json:
    """Return the page of a season as values: what `data/seasons/<name>.json` holds."""
    return {
        "season": season.name,
        "state": season.state,
        "title": season.title,
        "summary": season.summary,
        "opened": season.opened,
        "closed": season.closed,
        "references": list(season.references),
        "seed": season.seed,
        "seed_sha256": season.seed_sha256,
        "amendments": list(season.amendments),
        "suites": [ranking_data(ranking) | {"asked": _asked(season, name)}
                   for name, ranking in site.seasons[season.name].items()],
    }  # fmt: skip


def _asked(season: Season, suite: str) -> list[Json]:
    """Return the tasks of a frozen suite with their reason; `here` tells whether one has a page."""
    known = task_names()
    return [
        {
            "area": area,
            "task": entry.task,
            "title": load_task(entry.task).title if entry.task in known else entry.task,
            "here": entry.task in known,
            "reason": entry.reason,
            "version": season.asked[entry.task].version,
            "scorer": season.asked[entry.task].scorer,
        }
        for area, entries in season.suites[suite].areas.items()
        for entry in entries
    ]
