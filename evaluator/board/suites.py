"""Suites and seasons: what the board ranks on, and what a season has frozen of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path

from evaluator.core.files import Json, read_plain
from evaluator.core.records import RequestSet
from evaluator.core.schema import read_document
from evaluator.measure.requests import VARIANT
from evaluator.tasks import OWN_REQUESTS, load_task, locked_request_set, task_names


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteTask:
    """A task in a suite."""

    task: str
    """Name of the task."""
    reason: str
    """Why it is there."""


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A named list of tasks by area."""

    name: str
    """Its key in board.yaml."""
    title: str
    """Name for people."""
    summary: str
    """What a high index means."""
    areas: dict[str, tuple[SuiteTask, ...]]
    """Area -> tasks that can be measured: those that the index is made of."""
    waiting: dict[str, tuple[SuiteTask, ...]] = field(default_factory=dict)
    """Area -> tasks that nobody can measure yet, since a pin of theirs is not verified."""
    beside: dict[str, tuple[SuiteTask, ...]] = field(default_factory=dict)
    """Area -> tasks that are measured and shown, but outside the index: those that the suite wants
    there, and all whose licence is unknown or forbids commercial use."""

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks of the index, by area."""
        return _names(self.areas)

    @cached_property
    def measured(self) -> tuple[str, ...]:
        """Names of all tasks that are asked: those of the index, then those beside it."""
        return (*self.tasks, *_names(self.beside))


def _names(areas: dict[str, tuple[SuiteTask, ...]]) -> tuple[str, ...]:
    return tuple(entry.task for entries in areas.values() for entry in entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of one task and how it is scored: by the code of now, or as a season froze it.

    A result is current if it answers this.
    """

    task: str
    """Name of the task."""
    version: int
    """Version of the task."""
    scorer: int
    """Version of everything between responses and metrics."""
    primary: str
    """Name of the metric that enters the index."""
    request_sets: dict[str, RequestSet]
    """`prompt`, and the name of each method that is asked in its own way -> request set."""

    def requests_for(self, method: str) -> RequestSet | None:
        """Return the request set of a method, None if the task does not ask it."""
        return self.request_sets.get(method if method in OWN_REQUESTS else "prompt")

    def answered_by(self, result: Json) -> bool:
        """Tell whether a result answers this and was scored as it says, by these right answers."""
        wanted = self.requests_for(result["method"])
        return (
            self.asks_same(result)
            and bool(result["scorer"] == self.scorer)
            and wanted is not None
            and bool(result["request_set"]["gold_sha256"] == wanted.gold_sha256)
        )

    def asks_same(self, result: Json) -> bool:
        """Tell whether a result answers these requests, in the protocol and variant ranked here."""
        wanted = self.requests_for(result["method"])
        return bool(
            wanted is not None
            and result["request_set"]["sha256"] == wanted.sha256
            and (result["protocol"], result["variant"]) == ("board", VARIANT)
            and "partial" not in result
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A frozen board: suites, and for each task what was asked and how it was scored."""

    name: str
    """Name of its file."""
    title: str
    """Name for people."""
    summary: str
    """What is new in it."""
    references: tuple[str, ...]
    """Submissions that must be measured on everything before it opens."""
    seed_sha256: str
    """sha256 of the seed of generated tasks, committed before the seed; '' if there are none."""
    seed: str
    """The seed, once revealed; '' before."""
    opened: str
    """Day it opened, ''  while it is a draft."""
    closed: str
    """Day it closed, '' before."""
    suites: dict[str, Suite]
    """Name -> suite; empty while it is a draft."""
    asked: dict[str, Asked]
    """Task -> what is frozen of it; empty while it is a draft."""
    amendments: tuple[Json, ...]
    """Every change of `asked` after the opening: date, by, reason, changes."""

    @property
    def state(self) -> str:
        """draft, open or closed."""
        return "closed" if self.closed else "open" if self.opened else "draft"


def asked_now(task: str) -> Asked | None:
    """Return what code and `tasks/lock.json` ask of a task; None if it is unknown or not locked."""
    if task not in task_names():
        return None
    locked = {name or "prompt": locked_request_set(task, name) for name in ("", *OWN_REQUESTS)}
    if locked["prompt"] is None:
        return None
    known = load_task(task)
    return Asked(
        task=task,
        version=known.version,
        scorer=known.scorer,
        primary=known.primary.name,
        request_sets={name: found for name, found in locked.items() if found},
    )


def suites_of(value: Json) -> dict[str, Suite]:
    """Return the suites of a checked document: name -> suite."""
    return {name: _suite(name, facts) for name, facts in value.items()}


def _suite(name: str, facts: Json) -> Suite:
    found: dict[str, dict[str, list[SuiteTask]]] = {"areas": {}, "waiting": {}, "beside": {}}
    for key in ("areas", "beside"):
        for area, tasks in facts.get(key, {}).items():
            for told in tasks:
                found[_part_of(told["task"], key)].setdefault(area, []).append(SuiteTask(**told))
    parts = {
        part: {area: tuple(tasks) for area, tasks in areas.items()} for part, areas in found.items()
    }
    return Suite(
        name=name,
        title=facts["title"],
        summary=facts["summary"],
        **parts,
    )


def with_varied(suites: dict[str, Suite], varied: Json) -> dict[str, Suite]:
    """Return suites that ask every varied task beside its clean one.

    Args:
        suites: as board.yaml lists them.
        varied: task -> {items, changes: how it is asked again -> why}, from the same file.
    """
    return {name: replace(suite, beside=_beside(suite, varied)) for name, suite in suites.items()}


def _beside(suite: Suite, varied: Json) -> dict[str, tuple[SuiteTask, ...]]:
    listed = {area: list(entries) for area, entries in suite.beside.items()}
    for part in (suite.areas, suite.beside):
        for area, entries in part.items():
            for entry in entries:
                for how, reason in varied.get(entry.task, {"changes": {}})["changes"].items():
                    told = SuiteTask(task=f"{entry.task}_{how}", reason=reason)
                    if told.task not in suite.measured:
                        listed.setdefault(area, []).append(told)
    return {area: tuple(entries) for area, entries in listed.items()}


def _part_of(task: str, key: str) -> str:
    """Return the part of a suite that a task belongs to, wherever board.yaml lists it."""
    if task not in task_names():
        return key
    known = load_task(task)
    if not known.measurable:
        return "waiting"
    return "beside" if known.varies or not known.open_licence else key


def suites_data(suites: dict[str, Suite]) -> Json:
    """Return suites as `suites_of` reads them."""
    return {name: _suite_data(suite) for name, suite in suites.items()}


def _suite_data(suite: Suite) -> Json:
    found: Json = {"title": suite.title, "summary": suite.summary}
    for key, areas in (("areas", suite.areas), ("beside", suite.beside)):
        if areas or key == "areas":
            found[key] = {area: [asdict(entry) for entry in told] for area, told in areas.items()}
    return found


def read_season(root: Path, path: Path) -> Season:
    """Return the season in `path`, a file of `seasons/` below `root`.

    Raises:
        DocumentError: every fault of the file.
    """
    name = path.relative_to(root).as_posix()
    value, _ = read_document(read_plain(path, name), name, "season")
    return Season(
        name=path.stem,
        title=value["title"],
        summary=value["summary"],
        references=tuple(value["references"]),
        seed_sha256=value.get("seed_sha256", ""),
        seed=value.get("seed", ""),
        opened=value.get("opened", ""),
        closed=value.get("closed", ""),
        suites=suites_of(value.get("suites", {})),
        asked={name: _asked_of(name, facts) for name, facts in value.get("asked", {}).items()},
        amendments=tuple(value.get("amendments", ())),
    )


def _asked_of(task: str, facts: Json) -> Asked:
    sets = {name: RequestSet(**found) for name, found in facts["request_sets"].items()}
    return Asked(task=task, **{**facts, "request_sets": sets})
