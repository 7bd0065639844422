"""One model on one task: its official number, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace

from evaluator.board.decisions import Verdict, declined, judge
from evaluator.board.index import baseline_of, reach_of
from evaluator.board.suites import Asked, Season
from evaluator.board.tree import Entry, Question, Standing, Tree
from evaluator.core.files import Json
from evaluator.measure.method import method_of, why_unfit

NAN = float("nan")


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
    now = tree.question(task)
    return replace(now, asked=season.asked.get(task), season=season) if season else now


def cell_of(tree: Tree, entry: Entry, question: Question) -> Cell:
    """Return a model's official number on a question, or why there is none."""
    out = _ruled_out(tree, entry, question)
    if out:
        return out
    asked, task = question.asked, question.task
    if asked is None:
        return Cell(state="pending", reason="the task is not locked at its present version")
    measured = [s for s in entry.by_task.get(task, ()) if _in_time(s, question.season)]
    if not measured:  # most cells of a large board: nothing to judge
        return _gap(entry, question, [], [])
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
    if question.waits:
        return Cell(state="pending", reason=f"cannot be measured yet: {question.waits}")
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
    mine = [a for a in entry.attempts if a["task"] in (question.task, "")]
    if not mine:  # nearly always: thousands of cells ask
        return []
    asked, known = question.asked, question.known
    wanted = asked.requests_for(method_of(entry.submission, known)) if asked and known else None
    same = [
        a for a in mine if wanted is None or a.get("request_set", wanted.sha256) == wanted.sha256
    ]
    return sorted(same, key=lambda attempt: str(attempt["when"]))


def asked_of(tree: Tree, task: str, season: Season | None) -> Asked | None:
    """Return what is asked of a task, in a season or (None) now; None if it is not locked."""
    return season.asked.get(task) if season else tree.asked(task)


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
