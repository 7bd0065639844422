"""Rank: results -> one order with its uncertainty. The only place where a rank is made.

    index = 100 x mean over areas of ( mean over the area's tasks of (score - b) / (1 - b) )

b is what the best trivial guesser gets on the same items. Nothing is clipped: a model below the
guesser has a negative index. Only models with an official result for every task of the suite are
ranked; the others are listed with the reason for each gap.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from evaluator.board.decisions import Verdict, declined, judge
from evaluator.board.index import (
    area_means,
    baseline_of,
    index_covariance,
    index_of,
    reach_of,
    task_weights,
    tie_groups,
)
from evaluator.board.submissions import Entry, Standing, Tree
from evaluator.board.suites import Asked, Season, Suite
from evaluator.core.files import Json
from evaluator.core.records import Task
from evaluator.core.stats import Z95, rank_intervals, tell_apart
from evaluator.measure.method import method_of, why_unfit
from evaluator.metrics import metric_named
from evaluator.tasks import load_task, task_names

NAN = float("nan")
ITEM_COLUMNS = ("correct", "pred", "gold", "value", "rank", "cluster")
"""What a primary metric and its standard error may read of a result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One model on one task."""

    state: str
    """measured, pending, failed, timeout, too-long, declined, stale, excluded, withdrawn or
    not-applicable."""
    reason: str
    """Why there is no number, in words; '' if there is one."""
    value: float = NAN
    """Primary metric; NaN without one."""
    low: float = NAN
    """Lower end of its 95 % interval."""
    high: float = NAN
    """Upper end."""
    n: int = 0
    """Items."""
    skill: float = NAN
    """(value - baseline) / (best - baseline): 0 is the trivial guesser, 1 perfect."""
    standing: Standing | None = None
    """The official result."""
    notes: tuple[str, ...] = ()
    """Notes that were decided to be shown beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What every model is asked of a task: looked up once, answered by thousands."""

    task: str
    """Name of the task."""
    asked: Asked | None
    """What is asked; None if it is not locked."""
    known: Task | None
    """The task; None if it is retired."""
    season: Season | None
    """The season that asks; None for the present."""


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


def find_cell(tree: Tree, entry: Entry, task: str, season: Season | None = None) -> Cell:
    """Return a model's official number on a task, or why there is none.

    Args:
        tree: everything below submissions/.
        entry: the model.
        task: name of the task.
        season: look at it as this season asked; None: the present.
    """
    return cell_of(tree, entry, question_of(tree, task, season))


def question_of(tree: Tree, task: str, season: Season | None = None) -> Question:
    """Return what every model is asked of a task, in a season or (None) now."""
    known = load_task(task) if task in task_names() else None
    return Question(task=task, asked=_asked(tree, task, season), known=known, season=season)


def cell_of(tree: Tree, entry: Entry, question: Question) -> Cell:
    """Return a model's official number on a question, or why there is none."""
    out = _ruled_out(tree, entry, question)
    if out:
        return out
    asked, task = question.asked, question.task
    if asked is None:
        return Cell(state="pending", reason="the task is not locked at its present version")
    measured = [s for s in entry.by_task.get(task, ()) if _in_time(s, question.season)]
    decided = tree.decided(entry.submission.id)
    same = [
        (judge(decided, entry.submission.id, task, standing.name), standing)
        for standing in measured
        if asked.asks_same(standing.result)
    ]
    official = min(
        (
            (_age(standing), verdict, standing)
            for verdict, standing in same
            if asked.answered_by(standing.result)
            and not verdict.out
            and not needs_rescore(verdict, standing)
        ),
        default=None,
    )
    if official:
        return _measured(official[2], asked, official[1])
    return _gap(entry, question, measured, [verdict for verdict, _ in same])


def needs_rescore(verdict: Verdict, standing: Standing) -> bool:
    """Tell whether a decision asks for a result to be scored anew that has not been."""
    return bool(verdict.rescore) and not standing.rescored


def _ruled_out(tree: Tree, entry: Entry, question: Question) -> Cell | None:
    """Return the gap of a task that must not count, whatever was measured; None if it may."""
    task, known = question.task, question.known
    decided = tree.decided(entry.submission.id)
    declines = entry.declines | declined(decided, entry.submission.id)
    if task in declines:
        return Cell(state="declined", reason=declines[task])
    verdict = judge(decided, entry.submission.id, task)
    if verdict.out:
        return Cell(state=_state(verdict), reason=verdict.reason)
    if known is None:
        return None  # of a season long closed
    if unfit := why_unfit(entry.submission, known):
        return Cell(state="not-applicable", reason=unfit)
    if not known.measurable:
        reason = f"cannot be measured yet: {known.waits or 'its test files are not verified'}"
        return Cell(state="pending", reason=reason)
    return None


def _state(verdict: Verdict) -> str:
    return "withdrawn" if verdict.out == "withdraw" else "excluded"


def _gap(
    entry: Entry, question: Question, measured: list[Standing], verdicts: list[Verdict]
) -> Cell:
    """Return why there is no official number among the results of a task."""
    if verdicts and all(verdict.out for verdict in verdicts):
        return Cell(state=_state(verdicts[0]), reason=verdicts[0].reason)
    rescore = next((v.rescore for v in verdicts if v.rescore and not v.out), "")
    if rescore:
        return Cell(state="stale", reason=f"to be scored anew: {rescore}")
    if verdicts:
        return Cell(state="stale", reason="scored by an earlier scorer or other right answers")
    if measured:
        reason = "measured on an earlier version of the task; will be measured anew"
        return Cell(state="stale", reason=reason)
    if failures := failed_attempts(entry, question):
        return Cell(state=failures[-1]["state"], reason=failures[-1]["reason"])
    return Cell(state="pending", reason="not measured yet")


def failed_attempts(entry: Entry, question: Question) -> list[Json]:
    """Return the attempts that failed at what is asked now, oldest first.

    One that failed at an earlier version of the task says nothing of the present one.
    """
    asked, known = question.asked, question.known
    wanted = asked.requests_for(method_of(entry.submission, known)) if asked and known else None
    mine = [a for a in entry.attempts if a["task"] in (question.task, "")]
    same = [
        a for a in mine if wanted is None or a.get("request_set", wanted.sha256) == wanted.sha256
    ]
    return sorted(same, key=lambda attempt: str(attempt["when"]))


def _asked(tree: Tree, task: str, season: Season | None) -> Asked | None:
    return season.asked.get(task) if season else tree.asked(task)


def _asked_all(tree: Tree, suite: Suite, season: Season | None) -> dict[str, Asked]:
    found = {task: _asked(tree, task, season) for task in suite.tasks}
    return {task: asked for task, asked in found.items() if asked}


def _in_time(standing: Standing, season: Season | None) -> bool:
    """Tell whether a result was measured before a season closed."""
    closed = season.closed if season else ""
    return not closed or standing.result["run"]["started"][:10] <= closed


def _age(standing: Standing) -> tuple[str, str, bool, str]:
    """Sort key of runs: the earliest is official, and of one run what was scored anew."""
    started = standing.result["run"]["started"]
    return started, standing.name, not standing.rescored, standing.path


def _measured(standing: Standing, asked: Asked, verdict: Verdict) -> Cell:
    result = standing.result
    found = result["metrics"][result["primary"]]
    return Cell(
        state="measured",
        reason="",
        value=found["value"],
        low=found["low"],
        high=found["high"],
        n=found["n"],
        skill=skill_of(found["value"], asked),
        standing=standing,
        notes=verdict.notes,
    )


def skill_of(value: float, asked: Asked) -> float:
    """Return a score with its baseline at 0 and a perfect model at 1."""
    return (value - baseline_of(asked)) / reach_of(asked)


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
