"""Rank: results -> one order with its uncertainty. The only place where a rank is made.

    index = 100 x mean over areas of ( mean over the area's tasks of (score - b) / (1 - b) )

b is what the best trivial guesser gets on the same items. Nothing is clipped: a model below the
guesser has a negative index. Only models with an official result for every task of the suite are
ranked; the others are listed with the reason for each gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.board.submissions import Entry, Standing, Suite, Tree
from evaluator.core.records import FloatArray, RequestSet
from evaluator.core.stats import Z95, rank_intervals, tell_apart
from evaluator.measure.method import method_of, why_unfit
from evaluator.measure.result import items_of
from evaluator.measure.score import primary_score
from evaluator.tasks import load_task, locked_request_set


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One model on one task."""

    state: str
    """measured, pending, failed, timeout, too-long, declined, stale, excluded, withdrawn or
    not-applicable."""
    reason: str
    """Why there is no number, in words; '' if there is one."""
    value: float
    """Primary metric; NaN without one."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""
    n: int
    """Items."""
    skill: float
    """(value - baseline) / (best - baseline): 0 is the trivial guesser, 1 perfect."""
    standing: Standing | None
    """The official result."""


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
    """Task -> cell; at least one without a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """A ranked suite."""

    suite: Suite
    """What was ranked on."""
    places: tuple[Place, ...]
    """By index, highest first; equal ones by id."""
    unranked: tuple[Unranked, ...]
    """By id."""


def rank(tree: Tree, suite: Suite) -> Ranking:
    """Rank all submissions that ask for a suite."""
    rows: list[tuple[Entry, dict[str, Cell]]] = []
    unranked = []
    for entry in sorted(tree.entries, key=lambda entry: entry.submission.id):
        if suite.name not in entry.submission.suites:
            continue
        cells = {task: find_cell(tree, entry, task) for task in suite.tasks}
        if all(cell.state == "measured" for cell in cells.values()):
            rows.append((entry, cells))
        else:
            unranked.append(Unranked(entry=entry, cells=cells))
    places = _place(suite, rows) if rows else ()
    return Ranking(suite=suite, places=places, unranked=tuple(unranked))


def find_cell(tree: Tree, entry: Entry, task: str) -> Cell:
    """Return a model's official number on a task, or why there is none."""
    if task in entry.declines:
        return _gap("declined", entry.declines[task])
    method = method_of(entry.submission.kind, load_task(task))
    if unfit := why_unfit(load_task(task), method):
        return _gap("not-applicable", unfit)
    locked = locked_request_set(task, method)
    if not load_task(task).measurable:
        return _gap("pending", "cannot be measured yet: its test files are not verified")
    if locked is None:
        return _gap("pending", "the task is not locked at its present version")
    measured = [s for s in entry.results if s.result["task"]["name"] == task]
    current = [s for s in measured if is_current(s, task, locked)]
    allowed = []
    for standing in current:
        verdict = _verdict(tree, entry, standing)
        if verdict is None:
            allowed.append(standing)
    if allowed:
        return _measured(min(allowed, key=lambda s: (s.result["run"]["started"], s.name)), locked)
    if current:
        action, reason = _verdict(tree, entry, current[0]) or ("", "")
        return _gap("withdrawn" if action == "withdraw" else "excluded", reason)
    if measured:
        return _gap("stale", "measured on an earlier version of the task; will be measured anew")
    failures = [attempt for attempt in entry.attempts if attempt["task"] in (task, "")]
    if failures:
        return _gap(failures[-1]["state"], failures[-1]["reason"])
    return _gap("pending", "not measured yet")


def is_current(standing: Standing, task: str, locked: RequestSet) -> bool:
    """Tell whether a result answers what the task asks now, by the scorer of now."""
    result = standing.result
    same = result["request_set"]["sha256"] == locked.sha256
    return bool(same and result["scorer"] == load_task(task).scorer and "partial" not in result)


def _verdict(tree: Tree, entry: Entry, standing: Standing) -> tuple[str, str] | None:
    """Return (action, reason) of the decision that takes a result out, None if it stands."""
    verdict = None
    for decision in tree.decisions:
        concerns = (
            decision["submission"] == entry.submission.id
            and decision.get("task", standing.result["task"]["name"])
            == standing.result["task"]["name"]
            and decision.get("run", standing.name) == standing.name
        )
        if concerns and decision["action"] in ("exclude", "withdraw"):
            verdict = decision["action"], decision["reason"]
        elif concerns and decision["action"] == "restore":
            verdict = None
    return verdict


def _gap(state: str, reason: str) -> Cell:
    nan = float("nan")
    return Cell(
        state=state, reason=reason, value=nan, low=nan, high=nan, n=0, skill=nan, standing=None
    )


def _measured(standing: Standing, locked: RequestSet) -> Cell:
    result = standing.result
    found = result["metrics"][result["primary"]]
    return Cell(
        state="measured",
        reason="",
        value=found["value"],
        low=found["low"],
        high=found["high"],
        n=found["n"],
        skill=(found["value"] - locked.baseline) / _reach(result["task"]["name"], locked),
        standing=standing,
    )


def _reach(task: str, locked: RequestSet) -> float:
    """Return how far a perfect model is from the guesser; negative where lower is better."""
    return load_task(task).primary.best - locked.baseline


def _place(suite: Suite, rows: list[tuple[Entry, dict[str, Cell]]]) -> tuple[Place, ...]:
    areas = [
        {
            area: 100 * float(np.mean([cells[entry.task].skill for entry in entries]))
            for area, entries in suite.areas.items()
        }
        for _, cells in rows
    ]
    scores = np.array([np.mean(list(values.values())) for values in areas])
    covariance = index_covariance(suite, [cells for _, cells in rows])
    signs = tell_apart(scores, covariance)
    best, worst = rank_intervals(signs)
    names = [entry.submission.id for entry, _ in rows]
    order = sorted(range(len(rows)), key=lambda i: (-round(float(scores[i]), 9), names[i]))
    groups = _tie_groups(order, signs.tolist())
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


def _tie_groups(order: list[int], signs: list[list[int]]) -> dict[int, int]:
    """Number the tie groups from the top; one ends at the first model told apart from its first."""
    groups: dict[int, int] = {}
    leader, number = -1, 0
    for model in order:
        if leader < 0 or signs[leader][model] != 0:
            leader, number = model, number + 1
        groups[model] = number
    return groups


def index_covariance(suite: Suite, rows: list[dict[str, Cell]]) -> FloatArray:
    """Return the (M, M) covariance of the indices, from the items that the models share.

    Tasks are independent; within a task the covariance of two models is that of their per-item
    influences, `U'U / (n (n-1))`, times the square of the task's weight in the index.
    """
    total = np.zeros((len(rows), len(rows)))
    for entries in suite.areas.values():
        for entry in entries:
            locked = locked_request_set(entry.task)
            assert locked is not None  # only measured cells come here
            weight = 100 / len(suite.areas) / len(entries) / _reach(entry.task, locked)
            columns = [_influence(entry.task, cells[entry.task]) for cells in rows]
            influence = np.stack(columns, axis=1)  # (n, M)
            n = len(influence)
            products = influence.T @ influence
            # a model's own interval must not depend on who else is ranked, to the last bit
            np.fill_diagonal(products, [np.sum(column**2) for column in columns])
            total += weight**2 * products / (n * (n - 1))
    return total


def _influence(task: str, cell: Cell) -> FloatArray:
    assert cell.standing is not None
    return primary_score(load_task(task).primary, items_of(cell.standing.result)).influence
