"""The tree of submissions as records: board, submissions, results, decisions, seasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from evaluator.board.eligibility import Eligibility
from evaluator.board.suites import Asked, Season, Suite, asked_now
from evaluator.core.files import Json
from evaluator.core.records import Provider, Submission, Task
from evaluator.measure.result import run_name
from evaluator.tasks import load_task, task_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What this board ranks."""

    title: str
    """Name of the board."""
    summary: str
    """One sentence under the title."""
    repository: str
    """https address of the git repository."""
    season: str
    """Name of the season."""
    home: str
    """Suite of the home page."""
    suites: dict[str, Suite]
    """Name -> suite."""
    responses_bytes: int
    """Largest compressed response file that is committed."""
    providers: dict[str, Provider] = field(default_factory=dict)
    """Name -> server of served models."""
    eligibility: Eligibility = field(default_factory=Eligibility)
    """Which models are measured."""
    public: bool = True
    """False for a board whose site must not link outwards."""
    colour: str = ""
    """#rrggbb, the accent of its site; '' for the usual one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A result and where it stands."""

    path: str
    """Relative to the folder of submissions."""
    result: Json
    """Its content."""

    @property
    def name(self) -> str:
        """The run: first 8 hex digits of its responses' hash."""
        return run_name(self.result)

    @property
    def task(self) -> str:
        """Name of the task."""
        return str(self.result["task"]["name"])

    @property
    def rescored(self) -> bool:
        """Whether it was scored from the kept responses of an earlier one."""
        return ".s" in self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One submission with everything that stands in its folder."""

    submission: Submission
    """What the contributor declared."""
    card: str
    """The model card as written."""
    declines: dict[str, str]
    """Task -> why it must not be measured, with the evidence."""
    results: tuple[Standing, ...]
    """All results, by path."""
    attempts: tuple[Json, ...]
    """Measurements that did not end in a result."""

    @cached_property
    def by_task(self) -> dict[str, list[Standing]]:
        """Task -> its results."""
        found: dict[str, list[Standing]] = {}
        for standing in self.results:
            found.setdefault(standing.task, []).append(standing)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What every model is asked of a task: looked up once, answered by thousands."""

    task: str
    """Name of the task."""
    asked: Asked | None
    """What is asked; None if it is not locked."""
    known: Task | None
    """The task; None if it is retired."""
    waits: str = ""
    """Why it cannot be measured yet, '' if it can."""
    season: Season | None = None
    """The season that asks; None for the present."""


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Everything below submissions/."""

    board: Board
    """What is ranked."""
    entries: tuple[Entry, ...]
    """All submissions, by id."""
    decisions: tuple[Json, ...]
    """All decisions, in the order they were made."""
    seasons: tuple[Season, ...] = ()
    """All seasons, by name."""

    @property
    def season(self) -> Season | None:
        """The season that the board is in, None before the first one is drafted."""
        return next((s for s in self.seasons if s.name == self.board.season), None)

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """Name -> task of all tasks that are known; looked up once for all models."""
        return {name: load_task(name) for name in task_names()}

    @cached_property
    def varied(self) -> dict[str, Task]:
        """Name -> task of those that vary another one."""
        return {name: task for name, task in self.tasks.items() if task.varies}

    @cached_property
    def _asked(self) -> dict[str, Asked | None]:
        return {}

    @cached_property
    def _questions(self) -> dict[str, Question]:
        return {}

    @cached_property
    def _by_submission(self) -> dict[str, list[Json]]:
        found: dict[str, list[Json]] = {}
        for decision in self.decisions:
            found.setdefault(decision["submission"], []).append(decision)
        return found

    def decided(self, submission: str) -> Sequence[Json]:
        """Return the decisions about a submission, in the order they were made."""
        return self._by_submission.get(submission, ())

    def asked(self, task: str) -> Asked | None:
        """Return what is asked of a task: as the open season froze it, else by the code of now.

        Looked up once: thousands of models answer it.
        """
        if task not in self._asked:
            season = self.season
            frozen = season.asked.get(task) if season and season.state == "open" else None
            self._asked[task] = frozen or asked_now(task)
        return self._asked[task]

    def question(self, task: str) -> Question:
        """Return what every model is asked of a task now; looked up once."""
        if task not in self._questions:
            known = self.tasks.get(task)
            waits = known.waits or "its test files are not verified" if known else ""
            self._questions[task] = Question(
                task=task,
                asked=self.asked(task),
                known=known,
                waits="" if known and known.measurable else waits,
            )
        return self._questions[task]


def frozen_suites(tree: Tree) -> Tree:
    """Return a tree whose board has the suites of the open season, if there is one."""
    season = tree.season
    if season is None or season.state != "open":
        return tree
    return replace(tree, board=replace(tree.board, suites=season.suites))
