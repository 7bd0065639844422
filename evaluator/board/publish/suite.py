"""What the page of a suite shows."""

from __future__ import annotations

from evaluator.board.publish.rows import ranking_data
from evaluator.board.publish.site import Site
from evaluator.board.publish.values import join_words
from evaluator.board.ranking import Ranking
from evaluator.core.files import Json
from evaluator.tasks import load_task


def suite_data(site: Site, name: str) -> Json:
    """Return what the page of a suite shows."""
    ranking = site.rankings[name]
    data: dict[str, Json] = ranking_data(ranking)
    data["headline"] = tie_sentence(ranking)
    data["season"] = site.tree.board.season
    data["asked"] = [
        {"area": area, "task": t.task, "title": load_task(t.task).title, "reason": t.reason}
        for area, tasks in ranking.suite.areas.items()
        for t in tasks
    ]
    data["last_result"] = max((row["measured"] for row in data["ranked"]), default="")
    ends = [end for row in data["ranked"] for end in (row["low"], row["high"], 0.0, 100.0)]
    data["scale"] = [min(ends, default=0.0), max(ends, default=100.0)]
    return data


def tie_sentence(ranking: Ranking) -> str:
    """Say in words who leads and whether the data can tell the leaders apart."""
    leaders = [p.entry.submission.title for p in ranking.places if p.tie_group == 1]
    if not leaders:
        return "No model is complete on this suite yet."
    if len(leaders) == 1:
        return f"{leaders[0]} leads; every other model is proven to be behind."
    return f"{join_words(leaders)} lead together: these items cannot tell them apart."
