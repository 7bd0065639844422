"""Groups: does a model serve one group of a test set worse than the others?

Only groups about whom or in what language a task asks are looked at (`Task.groups_are`): that one
school subject is harder than another is no unfairness. The intervals are those of the tables by
group, combined (Newcombe 1998, Statistics in Medicine 17:873, method 10; Zou and Donner 2008, doi
10.1002/sim.3095).
"""

from __future__ import annotations

from scipy.special import ndtri

from evaluator.board.cells import find_cell
from evaluator.board.tree import Entry, Tree
from evaluator.core.files import Json
from evaluator.core.stats import Z95, combine


def gaps(tree: Tree, entry: Entry) -> list[Json]:
    """Return the gap of every task of a model's suites whose groups are people or languages.

    Returns:
        Rows of `gap_of` with {task, groups_are, suites}.
    """
    asked: dict[str, list[str]] = {}
    for name in entry.submission.suites:
        for task in tree.board.suites[name].measured if name in tree.board.suites else ():
            asked.setdefault(task, []).append(name)
    found = []
    for task, suites in asked.items():
        known = tree.tasks[task]
        cell = find_cell(tree, entry, task) if known.groups_are and not known.varies else None
        row = gap_of(cell.standing.result["groups"]) if cell and cell.standing else None
        if row:
            found.append({"task": task, "groups_are": known.groups_are, "suites": suites, **row})
    return found


def gap_of(groups: dict[str, Json]) -> Json | None:
    """Return how far the worst group lies below the others; None for fewer than two groups.

    Args:
        groups: group -> {value, low, high, n} of the primary metric, as in a result.

    Returns:
        {worst, best, value, rest, gap, low, high, proven, n, groups}: `gap` = mean of the other
        groups, weighted by their items, less the worst one's value, with its 95 % interval.
        `proven`: the interval stays above 0 when it is widened for having looked at all groups
        (Bonferroni). Groups are taken as independent, which is cautious where they share items.
    """
    if len(groups) < 2:
        return None
    worst = min(groups, key=lambda name: (groups[name]["value"], name))
    others = {name: found for name, found in groups.items() if name != worst}
    total = sum(found["n"] for found in others.values())
    shares = [(found["n"] / total, found) for found in others.values()]
    rest, _, _ = combine([(w, f["value"], f["low"], f["high"]) for w, f in shares])
    low_end = groups[worst]
    parts = [*shares, (-1.0, low_end)]
    gap, low, high = combine([(w, f["value"], f["low"], f["high"]) for w, f in parts])
    wider = float(ndtri(1 - 0.025 / len(groups))) / Z95
    return {
        "worst": worst,
        "best": max(groups, key=lambda name: (groups[name]["value"], name)),
        "value": low_end["value"],
        "rest": rest,
        "gap": gap,
        "low": low,
        "high": high,
        "proven": gap - wider * (gap - low) > 0,
        "n": low_end["n"],
        "groups": len(groups),
    }
