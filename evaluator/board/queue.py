"""Plan: what is asked for and not there yet. Running it twice does nothing twice."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import median

from evaluator.board.cells import Cell, cell_of, question_of
from evaluator.board.decisions import judge, taken_down
from evaluator.board.suites import Asked, asked_now
from evaluator.board.tree import Entry, Question, Standing, Tree
from evaluator.core.files import Json
from evaluator.core.records import RequestSet
from evaluator.measure.method import method_of

WORTH_TRYING = ("pending", "stale", "failed", "timeout")
"""States that work can end; a decision or a decline keeps the others as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One pair of model and task that needs work."""

    submission: str
    """<org>/<model>."""
    task: str
    """Name of the task."""
    action: str
    """measure: a model must answer; rescore: kept responses must be scored anew."""
    reason: str
    """Why."""
    requests: int
    """Requests that a model would answer; 0 for rescore."""
    tokens: int | None
    """Estimate of the tokens that would enter the model; 0 for rescore, None if unknown."""
    hours: float | None
    """Estimate of the time to answer, by the speed of earlier runs; None if unknown."""


def plan(
    tree: Tree,
    added: Mapping[str, str] | None = None,
    measured: Mapping[str, Collection[str]] | None = None,
) -> list[Pending]:
    """Return all pending work: the season's reference models, then by age, then as the suites go.

    Args:
        tree: everything below submissions/.
        added: submission -> day it was added, from git; those without one come last, by name.
        measured: submission -> tasks that are known to have an official number: they need no look.
    """
    pace = Pace(tree)
    references = tree.season.references if tree.season else ()
    days, done = added or {}, measured or {}
    questions = open_questions(tree)

    def turn(entry: Entry) -> tuple[bool, str, str]:
        name = entry.submission.id
        return name not in references, days.get(name, "9999"), name

    found = [
        _pending(tree, entry, questions[task], pace)
        for entry in sorted(tree.entries, key=turn)
        for task in wanted_tasks(tree, entry)
        if task in questions and task not in done.get(entry.submission.id, ())
    ]
    return [work for work in found if work]


def open_questions(tree: Tree) -> dict[str, Question]:
    """Return task -> question of all suites, where the code asks what the season asks."""
    tasks = {task for suite in tree.board.suites.values() for task in suite.measured}
    questions = [question_of(tree, task) for task in tasks]
    return {q.task: q for q in questions if q.known and q.asked and q.asked == asked_now(q.task)}


def wanted_tasks(tree: Tree, entry: Entry) -> tuple[str, ...]:
    """Return the tasks of all suites that a submission asks for, each once."""
    known = tree.board.suites
    suites = [known[name] for name in entry.submission.suites if name in known]
    return tuple(dict.fromkeys(task for suite in suites for task in suite.measured))


def for_planning(result: Json) -> Json:
    """Return what planning reads of a result: everything but items and tables."""
    left_out = ("columns", "classes", "confusion", "groups", "metrics", "data", "decoding")
    slim = {name: value for name, value in result.items() if name not in left_out}
    return slim | {"metrics": {result["primary"]: result["metrics"][result["primary"]]}}


def unlocked(tree: Tree) -> list[str]:
    """Return a sentence for each task of the suites that no plan asks for until it is locked."""
    tasks = {task for suite in tree.board.suites.values() for task in suite.measured}
    return [
        f"{task}: not locked as it is asked now; run `evaluator tasks lock {task}`"
        for task in sorted(tasks & tree.tasks.keys())
        if asked_now(task) is None
    ]


def out_of_step(tree: Tree) -> list[str]:
    """Return a sentence for each task that the open season asks otherwise than the code of now.

    Such a task cannot be measured: either the change waits for the next season, or the season is
    amended, which makes its earlier numbers stale.
    """
    season = tree.season
    if season is None or season.state != "open":
        return []
    found = []
    for task, frozen in season.asked.items():
        if frozen != asked_now(task):
            parts = ", ".join(part for part, _, _ in differences(frozen, asked_now(task)))
            found.append(
                f"{task}: season {season.name} froze another {parts}; take the change back, or "
                f"say why with `evaluator season amend {season.name}`"
            )
    return found


def differences(before: Asked, after: Asked | None) -> list[tuple[str, str, str]]:
    """Return (part, before, after) of everything that differs between two states of a task."""
    one, other = _parts(before), _parts(after) if after else {}
    names = dict.fromkeys([*one, *other])
    return [(name, one.get(name, "none"), other.get(name, "none")) for name in names
            if one.get(name) != other.get(name)]  # fmt: skip


def _parts(asked: Asked) -> dict[str, str]:
    sets = asked.request_sets.items()
    return {
        "version": str(asked.version),
        "scorer": str(asked.scorer),
        "primary": asked.primary,
        **{f"request_sets/{name}": found.sha256 for name, found in sets},
        **{f"gold/{name}": found.gold_sha256 for name, found in sets},
    }


def _pending(tree: Tree, entry: Entry, question: Question, pace: Pace) -> Pending | None:
    task, asked, known = question.task, question.asked, question.known
    if asked is None or known is None:
        return None
    wanted = asked.requests_for(method_of(entry.submission, known))
    cell = cell_of(tree, entry, question)
    if wanted is None or cell.state not in WORTH_TRYING:
        return None
    same = [s for s in entry.by_task.get(task, ()) if _can_rescore(tree, s, wanted)]
    if same:
        return Pending(submission=entry.submission.id, task=task, action="rescore",
                       reason=_why_rescore(cell, same, asked), requests=0, tokens=0,
                       hours=0.0)  # fmt: skip
    tokens, hours = pace.of(entry, task, wanted.requests)
    return Pending(
        submission=entry.submission.id,
        task=task,
        action="measure",
        reason=cell.reason,
        requests=wanted.requests,
        tokens=tokens,
        hours=hours,
    )


def _why_rescore(cell: Cell, same: list[Standing], asked: Asked) -> str:
    scorer = max(standing.result["scorer"] for standing in same)
    return cell.reason if scorer == asked.scorer else f"scored by {scorer}, now {asked.scorer}"


def _can_rescore(tree: Tree, standing: Standing, wanted: RequestSet) -> bool:
    """Tell whether a result answers the same requests and its responses are still there."""
    result, name = standing.result, standing.result["submission"]
    return bool(
        result["request_set"]["sha256"] == wanted.sha256
        and result["responses"]["kept"]
        and not judge(tree.decided(name), name, standing.task, standing.name).out
        and not taken_down(tree.decided(name), name, standing.task, standing.name)
    )


class Pace:
    """How many tokens a task takes and how fast models answer, from the runs of the tree."""

    def __init__(self, tree: Tree) -> None:
        """Read the runs of all results."""
        per_request: dict[str, list[float]] = {}
        per_second: dict[str, list[float]] = {}
        for entry in tree.entries:
            for standing in (s for s in entry.results if not s.rescored):
                run, asked = standing.result["run"], standing.result["request_set"]
                if run["tokens"] > 0:
                    per_request.setdefault(standing.task, []).append(
                        run["tokens"] / asked["requests"]
                    )
                if run["tokens"] > 0 and run["seconds"] > 0:
                    per_second.setdefault(entry.submission.id, []).append(
                        run["tokens"] / run["seconds"]
                    )
        self.per_request = {task: median(found) for task, found in per_request.items()}
        self.per_second = {name: median(found) for name, found in per_second.items()}
        self.usual_request = median(self.per_request.values()) if self.per_request else 0.0
        self.usual_speed = median(self.per_second.values()) if self.per_second else 0.0

    def of(self, entry: Entry, task: str, requests: int) -> tuple[int | None, float | None]:
        """Return (tokens, hours) that a model would take; None without any run to go by.

        Tokens: the median of the task's runs, of all tasks if it has none. Hours: by the median
        speed of the model's own runs, of all models if it has none.
        """
        if entry.submission.kind == "scripted":
            return 0, 0.0
        if not self.usual_request or not self.usual_speed:
            return None, None
        each = self.per_request.get(task, self.usual_request)
        speed = self.per_second.get(entry.submission.id, self.usual_speed)
        tokens = round(each * requests)
        return tokens, round(tokens / speed / 3600, 4)
