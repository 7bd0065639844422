"""Rank: results -> one order with its uncertainty. The only place where a rank is made.

    index = 100 x mean over areas of ( mean over the area's tasks of (score - b) / (1 - b) )

b is what the best trivial guesser gets on the same items. Nothing is clipped: a model below the
guesser has a negative index. Only models with an official result for every task of the suite are
ranked; the others are listed with the reason for each gap.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from evaluator.board.cells import NAN, Cell, asked_of, cell_of, question_of, skill_of
from evaluator.board.index import area_means, index_covariance, index_of, task_weights, tie_groups
from evaluator.board.suites import Asked, Season, Suite
from evaluator.board.tree import Entry, Tree
from evaluator.core.files import Json
from evaluator.core.stats import Z95, rank_intervals, tell_apart
from evaluator.metrics import metric_named

ITEM_COLUMNS = ("correct", "pred", "gold", "value", "rank", "cluster")
"""What a primary metric and its standard error may read of a result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One ranked model."""

    entry: Entry
    """The submission."""
    index: float
    """Suite index, 0 = trivial guesser, 100 = perfect."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""
    best_rank: int
    """Best rank that the proven differences allow."""
    worst_rank: int
    """Worst rank."""
    tie_group: int
    """Number of its tie group from 1: models not told apart from the group's first."""
    areas: dict[str, float]
    """Area -> 100 x mean skill."""
    cells: dict[str, Cell]
    """Task -> cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unranked:
    """A model without a rank."""

    entry: Entry
    """The submission."""
    cells: dict[str, Cell]
    """Task -> cell; at least one without a number, unless the model is served."""
    index: float = NAN
    """Index of a served model; else over the other tasks, if one alone is missing and declined."""
    low: float = NAN
    """Lower end of the interval of the full index, with the declined task all wrong."""
    high: float = NAN
    """Upper end, with the declined task all right."""
    areas: dict[str, float] = field(default_factory=dict)
    """Area -> 100 x mean skill over the tasks that are there, with an index only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """A ranked suite."""

    suite: Suite
    """What was ranked on."""
    places: tuple[Place, ...]
    """By index, highest first; equal ones by id."""
    unranked: tuple[Unranked, ...]
    """By id."""


def rank(tree: Tree, suite: Suite, season: Season | None = None) -> Ranking:
    """Rank all submissions that ask for a suite.

    Args:
        tree: everything below submissions/.
        suite: what to rank on.
        season: rank as this season asked; None: the present.
    """
    questions = {task: question_of(tree, task, season) for task in suite.tasks}
    rows: list[tuple[Entry, dict[str, Cell]]] = []
    unranked = []
    for entry in sorted(tree.entries, key=lambda entry: entry.submission.id):
        if suite.name not in entry.submission.suites:
            continue
        cells = {task: cell_of(tree, entry, question) for task, question in questions.items()}
        complete = all(cell.state == "measured" for cell in cells.values())
        if complete and entry.submission.kind != "served":
            rows.append((entry, cells))
        else:
            unranked.append(_without_rank(tree, suite, season, entry, cells))
    places = _place(suite, _asked_all(tree, suite, season), rows) if rows else ()
    return Ranking(suite=suite, places=places, unranked=tuple(unranked))


def rank_season(tree: Tree, season: Season) -> dict[str, Ranking]:
    """Return suite -> ranking as an opened season asked, closed or not: what its address shows."""
    return {name: rank(tree, suite, season) for name, suite in season.suites.items()}


def for_ranking(result: Json) -> Json:
    """Return what ranking reads of a result: tens of thousands of them then fit into memory."""
    primary, columns = result["primary"], result["columns"]
    own = metric_named(primary).tier == "responses"
    right = own and "value" not in columns  # then `correct` says it all
    wanted = ("correct", "cluster") if right else ITEM_COLUMNS
    kept = {name: columns[name] for name in wanted if name in columns}
    parts = ("submission", "task", "protocol", "variant", "method", "key", "responses", "scorer",
             "n", "primary")  # fmt: skip
    slim: dict[str, Json] = {name: result[name] for name in parts}
    slim |= {"partial": result["partial"]} if "partial" in result else {}
    hashes = ("sha256", "gold_sha256")
    slim["request_set"] = {name: result["request_set"][name] for name in hashes}
    found = result["metrics"][primary]
    slim["metrics"] = {primary: {name: found[name] for name in ("value", "low", "high", "n")}}
    slim["model"] = {"parameters": result["model"]["parameters"]}
    slim["classes"] = [{"label": row["label"]} for row in result["classes"]]
    told = ("trust", "started", "seconds", "energy_joules")
    slim["run"] = {name: result["run"][name] for name in told if name in result["run"]}
    return slim | {"columns": kept}


def _asked_all(tree: Tree, suite: Suite, season: Season | None) -> dict[str, Asked]:
    found = {task: asked_of(tree, task, season) for task in suite.tasks}
    return {task: asked for task, asked in found.items() if asked}


def _place(
    suite: Suite, asked: dict[str, Asked], rows: list[tuple[Entry, dict[str, Cell]]]
) -> tuple[Place, ...]:
    areas = [area_means(suite, {t: c.skill for t, c in cells.items()}) for _, cells in rows]
    scores = np.array([index_of(means) for means in areas])
    covariance = index_covariance(task_weights(suite, asked), [_results(c) for _, c in rows])
    signs = tell_apart(scores, covariance)
    best, worst = rank_intervals(signs)
    names = [entry.submission.id for entry, _ in rows]
    order = sorted(range(len(rows)), key=lambda i: (-round(float(scores[i]), 9), names[i]))
    groups = tie_groups(order, signs)
    half = Z95 * np.sqrt(np.maximum(np.diag(covariance), 0))
    return tuple(
        Place(
            entry=rows[i][0],
            index=float(scores[i]),
            low=float(scores[i] - half[i]),
            high=float(scores[i] + half[i]),
            best_rank=best[i],
            worst_rank=worst[i],
            tie_group=groups[i],
            areas=areas[i],
            cells=rows[i][1],
        )
        for i in order
    )


def _results(cells: dict[str, Cell]) -> dict[str, Json]:
    return {task: cell.standing.result for task, cell in cells.items() if cell.standing}


def _without_rank(
    tree: Tree, suite: Suite, season: Season | None, entry: Entry, cells: dict[str, Cell]
) -> Unranked:
    """Return a model without a rank; with an index over the rest if it declines one task.

    The interval is that of the full index: from the declined task all wrong to all right, each with
    the sampling error of the tasks that are there. A served model has its index and no rank: what
    answered on that day can be another model tomorrow.
    """
    missing = [task for task, cell in cells.items() if cell.state != "measured"]
    asked = _asked_all(tree, suite, season)
    if not missing:
        (place,) = _place(suite, asked, [(entry, cells)])
        return Unranked(entry=entry, cells=cells, index=place.index, low=place.low,
                        high=place.high, areas=place.areas)  # fmt: skip
    declines_one = len(missing) == 1 and cells[missing[0]].state == "declined"
    if not declines_one or len(suite.tasks) == 1 or missing[0] not in asked:
        return Unranked(entry=entry, cells=cells)
    task = missing[0]
    skill = {name: cell.skill for name, cell in cells.items() if name != task}
    metric = metric_named(asked[task].primary)
    ends = [skill_of(end, asked[task]) for end in sorted((metric.worst, metric.best))]
    low, high = (index_of(area_means(suite, {**skill, task: end})) for end in ends)
    weights = {name: w for name, w in task_weights(suite, asked).items() if name != task}
    half = Z95 * float(np.sqrt(index_covariance(weights, [_results(cells)])[0, 0]))
    areas = area_means(suite, skill)
    return Unranked(entry=entry, cells=cells, index=index_of(areas), low=low - half,
                    high=high + half, areas=areas)  # fmt: skip
