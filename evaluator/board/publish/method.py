"""What the page of the method shows: each rule with the function that keeps it, and an example."""

from __future__ import annotations

import importlib
import inspect
import math

from evaluator.board.index import area_means, baseline_of, index_covariance, reach_of, task_weights
from evaluator.board.publish.site import Site, once
from evaluator.board.publish.values import slug
from evaluator.board.ranking import Place
from evaluator.core.files import Json
from evaluator.core.stats import Z95
from evaluator.tasks import load_task

RULES = {
    "asked": ("evaluator.measure.requests", "build_requests"),
    "scored": ("evaluator.measure.score", "score_task"),
    "skill": ("evaluator.board.cells", "skill_of"),
    "index": ("evaluator.board.index", "area_means"),
    "error": ("evaluator.core.stats", "standard_error"),
    "interval": ("evaluator.core.stats", "interval"),
    "covariance": ("evaluator.board.index", "index_covariance"),
    "ranks": ("evaluator.core.stats", "rank_intervals"),
    "holm": ("evaluator.core.stats", "tell_apart"),
    "ties": ("evaluator.board.index", "tie_groups"),
    "gaps": ("evaluator.board.cells", "find_cell"),
    "compare": ("evaluator.board.compare", "compare_values"),
}
"""Rule -> (module, function) that keeps it; `method.<rule>` of the words says it."""


@once
def method_data(site: Site) -> Json:
    """Return every rule with the place of its function, and an example with real numbers."""
    rules = [
        {"rule": rule, "function": name, "path": _place_of(module, name)}
        for rule, (module, name) in RULES.items()
    ]
    return {"rules": rules, "example": example(site)}


def _place_of(module: str, name: str) -> str:
    function = getattr(importlib.import_module(module), name)
    line = inspect.getsourcelines(function)[1]
    return f"{module.replace('.', '/')}.py#L{line}"


def example(site: Site) -> Json | None:
    """Compute the index and the first difference of the home suite step by step, None without."""
    ranking = site.rankings[site.tree.board.home]
    if len(ranking.places) < 2:
        return None
    first, second = ranking.places[:2]
    suite = ranking.suite
    asked = {task: found for task in suite.tasks if (found := site.tree.asked(task))}
    rows = [
        {
            "area": area,
            "title": load_task(entry.task).title,
            "task": entry.task,
            "value": first.cells[entry.task].value,
            "baseline": baseline_of(asked[entry.task]),
            "best": baseline_of(asked[entry.task]) + reach_of(asked[entry.task]),
            "skill": first.cells[entry.task].skill,
        }
        for area, entries in suite.areas.items()
        for entry in entries
    ]
    results = [_results(site, place) for place in (first, second)]
    covariance = index_covariance(task_weights(suite, asked), results)
    error = math.sqrt(max(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1], 0.0))
    difference = first.index - second.index
    return {
        "suite": suite.title,
        "rows": rows,
        "areas": area_means(suite, {task: cell.skill for task, cell in first.cells.items()}),
        "first": _model(first),
        "second": _model(second),
        "own_error": math.sqrt(covariance[0, 0]),
        "difference": difference,
        "error": error,
        "z": difference / error if error else None,
        "low": difference - Z95 * error,
        "high": difference + Z95 * error,
    }


def _results(site: Site, place: Place) -> dict[str, Json]:
    """Return task -> official result in full."""
    whole = {standing.path: standing.result for standing in site.whole(place.entry).results}
    found = {task: cell.standing for task, cell in place.cells.items() if cell.standing}
    return {task: whole[standing.path] for task, standing in found.items()}


def _model(place: Place) -> Json:
    submission = place.entry.submission
    return {
        "slug": slug(submission.id),
        "title": submission.title,
        "index": place.index,
        "low": place.low,
        "high": place.high,
    }
