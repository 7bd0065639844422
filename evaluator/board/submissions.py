"""The tree of submissions: board, submissions, results, decisions, attempts, read as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from evaluator.core.errors import DocumentError, EvaluatorError, Fault
from evaluator.core.files import Json
from evaluator.core.records import Submission
from evaluator.core.schema import read_document, read_json_document
from evaluator.measure.result import read_result
from evaluator.tasks import load_task, task_names

T = TypeVar("T")
SPECIAL = {"decisions"}
"""Folders below submissions/ that are no organisation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteTask:
    """A task in a suite."""

    task: str
    """Name of the task."""
    reason: str
    """Why it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
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

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of all tasks, by area."""
        return tuple(entry.task for entries in self.areas.values() for entry in entries)


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
    public: bool = True
    """False for a board whose site must not link outwards."""


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
        return str(self.result["responses"]["sha256"][:8])


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One submission with everything that stands in its folder."""

    submission: Submission
    """What the contributor declared."""
    card: str
    """The model card as written."""
    declines: dict[str, str]
    """Task -> why it must not be measured."""
    results: tuple[Standing, ...]
    """All results, by path."""
    attempts: tuple[Json, ...]
    """Measurements that did not end in a result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Everything below submissions/."""

    board: Board
    """What is ranked."""
    entries: tuple[Entry, ...]
    """All submissions, by id."""
    decisions: tuple[Json, ...]
    """All decisions, by file name."""


def read_board(root: Path) -> Board:
    """Return the board of a tree of submissions.

    Raises:
        DocumentError: every fault of board.yaml.
    """
    value, document = read_document(_bytes(root, "board.yaml"), "board.yaml", "board")
    suites = {name: _suite(name, facts) for name, facts in value["suites"].items()}
    if value["home"] not in suites:
        known = ", ".join(suites)
        message = f"{value['home']!r} is not one of the suites: {known}"
        raise DocumentError([document.fault("/home", message)])
    return Board(
        title=value["title"],
        summary=value["summary"],
        repository=value["repository"],
        season=value["season"],
        home=value["home"],
        suites=suites,
        responses_bytes=value["limits"]["responses_bytes"],
    )


def _suite(name: str, facts: Json) -> Suite:
    def part(waits: bool) -> dict[str, tuple[SuiteTask, ...]]:
        found = {
            area: tuple(SuiteTask(**task) for task in tasks if _waits(task["task"]) == waits)
            for area, tasks in facts["areas"].items()
        }
        return {area: tasks for area, tasks in found.items() if tasks}

    return Suite(
        name=name,
        title=facts["title"],
        summary=facts["summary"],
        areas=part(waits=False),
        waiting=part(waits=True),
    )


def _waits(task: str) -> bool:
    return task in task_names() and not load_task(task).measurable


def read_submission(root: Path, name: str) -> tuple[Submission, dict[str, str]]:
    """Return (submission, declines) of the folder `<org>/<model>` below `root`.

    Raises:
        DocumentError: every fault of submission.yaml.
    """
    path = f"{name}/submission.yaml"
    value, _ = read_document(_bytes(root, path), path, "submission")
    model = value["model"]
    submission = Submission(
        id=name,
        title=value["title"],
        kind=model["kind"],
        repo=model.get("repo", ""),
        revision=model.get("revision", ""),
        folder=model.get("folder", ""),
        policy=model.get("policy", ""),
        dtype=model.get("dtype", ""),
        chat_template=model.get("chat_template", "none"),
        licence=value["licence"],
        organisation=value["organisation"],
        training_data=value["training_data"],
        maintainers=tuple(value["maintainers"]),
        supersedes=value.get("supersedes", ""),
        suites=tuple(value["suites"]),
        tasks=tuple(model.get("tasks", ())),
        provider=model.get("provider", ""),
        name=model.get("name", ""),
        answers=model.get("answers", ""),
    )
    declines = {entry["task"]: entry["reason"] for entry in value.get("declines", [])}
    return submission, declines


def read_entry(root: Path, name: str) -> Entry:
    """Return one submission with its card, results and attempts.

    Raises:
        DocumentError: the faults of all its files.
    """
    faults: list[Fault] = []
    read = _collect(faults, partial(read_submission, root, name))
    home = root / name
    standing = [
        _collect(faults, partial(_read_standing, root, path))
        for path in sorted(home.glob("results/*/*/*.json"))
    ]
    attempts = [
        _collect(faults, partial(_read_attempt, root, path))
        for path in sorted(home.glob("attempts/*.json"))
    ]
    card = home / "card.md"
    if read is None or faults:
        raise DocumentError(faults)
    return Entry(
        submission=read[0],
        declines=read[1],
        card=card.read_text("utf-8") if card.is_file() else "",
        results=tuple(found for found in standing if found),
        attempts=tuple(found for found in attempts if found),
    )


def entry_names(root: Path) -> list[str]:
    """Return `<org>/<model>` of every folder that holds a submission, sorted."""
    return sorted(
        f"{path.parent.parent.name}/{path.parent.name}"
        for path in root.glob("*/*/submission.yaml")
        if path.parent.parent.name not in SPECIAL
    )


def read_tree(root: Path) -> Tree:
    """Return everything below `root` (the folder submissions/).

    Raises:
        DocumentError: the faults of all files at once.
    """
    faults: list[Fault] = []
    board = _collect(faults, partial(read_board, root))
    entries = [_collect(faults, partial(read_entry, root, name)) for name in entry_names(root)]
    decisions = [
        _collect(faults, partial(read_decision, root, path))
        for path in sorted((root / "decisions").glob("*.yaml"))
    ]
    if board is None or faults:
        raise DocumentError(faults)
    return Tree(
        board=board,
        entries=tuple(entry for entry in entries if entry),
        decisions=tuple(decision for decision in decisions if decision),
    )


def read_standings(root: Path) -> list[Standing]:
    """Return every result below `root` that follows its schema, by path; `check` tells the rest."""
    faults: list[Fault] = []
    found = [
        _collect(faults, partial(_read_standing, root, path))
        for path in sorted(root.glob("*/*/results/*/*/*.json"))
    ]
    return [standing for standing in found if standing]


def read_decisions(root: Path) -> list[Json]:
    """Return every decision below `root` that follows its schema; `check` tells the rest."""
    faults: list[Fault] = []
    found = [
        _collect(faults, partial(read_decision, root, path))
        for path in sorted((root / "decisions").glob("*.yaml"))
    ]
    return [decision for decision in found if decision]


def read_decision(root: Path, path: Path) -> Json:
    """Return one decision.

    Raises:
        DocumentError: every fault of the file.
    """
    return read_document(path.read_bytes(), _below(root, path), "decision")[0]


def _collect(faults: list[Fault], read: Callable[[], T]) -> T | None:
    """Call `read`; on faults, add them to the list and go on."""
    try:
        return read()
    except DocumentError as error:
        faults.extend(error.faults)
        return None


def _bytes(root: Path, name: str) -> bytes:
    try:
        return (root / name).read_bytes()
    except FileNotFoundError:
        raise DocumentError([Fault(name, 0, "", "no such file")]) from None
    except OSError as error:
        raise EvaluatorError(f"{root / name}: {error.strerror}") from None


def _below(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _read_standing(root: Path, path: Path) -> Standing:
    return Standing(path=_below(root, path), result=read_result(path, _below(root, path)))


def _read_attempt(root: Path, path: Path) -> Json:
    return read_json_document(path.read_bytes(), _below(root, path), "attempt")
