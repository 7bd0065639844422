"""Check: is what stands in the tree what it must be? All faults at once, everything read as data.

This file looks at the tree; `check_folder` looks at names and kinds of files before any is read,
`check_names` at the names in a submission, `check_result` into one result, `check_change` at what
a pull request changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from evaluator.board import deciding, decisions
from evaluator.board.card import check_card
from evaluator.board.check_folder import (
    check_files,
    check_name,
    check_special,
    collisions,
    entry_folders,
    unreadable,
)
from evaluator.board.check_names import check_names
from evaluator.board.check_result import check_result
from evaluator.board.eligibility import why_ineligible
from evaluator.board.queue import out_of_step
from evaluator.board.seasons import season_faults
from evaluator.board.submissions import (
    look_at_entry,
    must_be_there,
    read_board,
    read_decision,
    read_decisions,
)
from evaluator.board.suites import Season, read_season
from evaluator.board.tree import Board, Entry, Tree, frozen_suites
from evaluator.core.errors import DocumentError, Fault, ModelError, did_you_mean
from evaluator.core.files import Json, read_plain
from evaluator.core.safe_yaml import Document, read_yaml
from evaluator.measure.manifest import read_lock
from evaluator.measure.quantisation import why_not_listed
from evaluator.measure.size import held_size, why_too_large
from evaluator.tasks import locked_request_set, task_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all submissions of a tree are held to, as far as it could be read."""

    board: Board | None
    """None if board.yaml has faults."""
    decisions: tuple[Json, ...]
    """All decisions, in the order they were made."""
    seasons: tuple[Season, ...]
    """All seasons, by name."""


def check_tree(root: Path, names: Iterable[str] | None = None) -> list[Fault]:
    """Return all faults below `root` (submissions/), or of the named submissions alone."""
    ground, faults = _read_ground(root)
    chosen = list(names) if names is not None else entry_folders(root)
    if broken := _task_faults():  # whatever else is checked is held to tasks
        forms = [fault for name in chosen for fault in _form_faults(root, name)]
        return sorted(_located(root, [*faults, *broken, *forms]))
    entries: list[Entry] = []
    for name in chosen:
        faults += check_entry(root, name, ground, entries)
    if ground.board:
        faults += _check_suites(ground.board)
        tree = frozen_suites(
            Tree(
                board=ground.board,
                entries=tuple(entries),
                decisions=ground.decisions,
                seasons=ground.seasons,
            )
        )
        faults += _check_declines(tree)
        if names is None:
            faults += _check_decisions(root, tree, chosen) + _check_seasons(root, tree)
    if names is None:
        faults += collisions(chosen) + check_special(root)
    return sorted(_located(root, faults))


def _located(root: Path, faults: Iterable[Fault]) -> set[Fault]:
    """Return faults, those that name a place in a YAML file with its line."""
    documents: dict[str, Document | None] = {}
    found = set()
    for fault in faults:
        if fault.pointer and not fault.line and fault.path.endswith(".yaml"):
            if fault.path not in documents:
                documents[fault.path] = _document(root, fault.path)
            document = documents[fault.path]
            fault = document.fault(fault.pointer, fault.message) if document else fault
        found.add(fault)
    return found


def _document(root: Path, path: str) -> Document | None:
    with suppress(DocumentError):
        return read_yaml(read_plain(root / path), path)
    return None


def _check_declines(tree: Tree) -> list[Fault]:
    return [
        Fault(f"{name}/submission.yaml", 0, "/declines", told)
        for name, told in deciding.too_many_declines(tree, tree.decisions)
    ]


def _task_faults() -> list[Fault]:
    """Return what is wrong with the tasks that the board declares itself."""
    try:
        task_names()
    except DocumentError as error:
        return error.faults
    return []


def _form_faults(root: Path, name: str) -> list[Fault]:
    """Return the faults that the files of a submission have by themselves."""
    readable, faults = check_form(root, name)
    return faults + look_at_entry(root, name)[1] if readable else faults


def check_form(root: Path, name: str) -> tuple[bool, list[Fault]]:
    """Tell whether a submission's files may be read, and what is wrong before they are."""
    try:
        must_be_there(root, name)
    except DocumentError as error:
        return False, error.faults
    paths = sorted((root / name).rglob("*"))
    faults = [*check_name(name), *check_files(root, name, paths)]
    if refused := unreadable(root, name, paths):
        return False, faults + refused
    card = root / name / "card.md"
    if card.exists():
        faults += check_card(read_plain(card), f"{name}/card.md")
    else:
        faults.append(Fault(f"{name}/card.md", 0, "", "is missing: copy .github/card.md"))
    if not (root / name / "submission.yaml").exists():
        missing = "is missing: copy .github/submission.yaml"
        return False, [*faults, Fault(f"{name}/submission.yaml", 0, "", missing)]
    return True, faults


def check_entry(root: Path, name: str, ground: Ground, read: list[Entry]) -> list[Fault]:
    """Return all faults of one submission's folder; one that could be read is added to `read`."""
    readable, faults = check_form(root, name)
    if not readable:
        return faults
    faults += check_names(root, name, ground.board)
    entry, broken = look_at_entry(root, name)
    faults += broken
    if entry is None:
        return faults
    if not broken:
        read.append(entry)
    if board := ground.board:
        faults += _check_eligible(board, entry)
        faults += _check_quantised(board, entry, root / name)
        faults += _check_size(board, entry, root / name)
    for standing in entry.results:
        down = decisions.taken_down(ground.decisions, name, standing.task, standing.name)
        faults += check_result(
            root, standing.path, standing.result, taken_down=down, seasons=ground.seasons
        )
    return faults


def _check_eligible(board: Board, entry: Entry) -> list[Fault]:
    """Refuse what the board does not measure; a model with results stays when the rules change."""
    if entry.results:
        return []
    path = f"{entry.submission.id}/submission.yaml"
    found = why_ineligible(board.eligibility, entry.submission)
    return [Fault(path, 0, pointer, reason) for pointer, reason in found]


def _check_quantised(board: Board, entry: Entry, home: Path) -> list[Fault]:
    """Refuse a model without results whose files are here, quantised as the board does not list."""
    folder = entry.submission.folder
    if entry.results or not folder:
        return []
    reason = why_not_listed(home / folder, board.eligibility.quantisations)
    at = f"{entry.submission.id}/{folder}/config.json"
    return [Fault(at, 0, "/quantization_config", reason)] if reason else []


def _check_size(board: Board, entry: Entry, home: Path) -> list[Fault]:
    """Refuse a model without results whose files, here or in its lock, take too much room."""
    if entry.results:
        return []
    model, lock = entry.submission, home / "lock.json"
    try:
        if model.folder:
            takes = held_size(model, home / model.folder, home / "adapter")
        else:
            files = read_lock(lock).values() if lock.exists() else ()
            takes = sum(int(file["bytes"]) for file in files)
    except ModelError as error:
        return [Fault(f"{model.id}/submission.yaml", 0, "/model", str(error))]
    reason = why_too_large(model, takes, board.eligibility.model_bytes)
    return [Fault(f"{model.id}/submission.yaml", 0, "/model", reason)] if reason else []


def _check_suites(board: Board) -> list[Fault]:
    faults = []
    for name, suite in board.suites.items():
        listed = [("areas", *part) for part in suite.areas.items()]
        listed += [("beside", *part) for part in suite.beside.items()]
        for key, area, entries in listed:
            for number, entry in enumerate(entries):
                at = f"/suites/{name}/{key}/{area}/{number}/task"
                if entry.task not in task_names():
                    message = f"no task {entry.task!r}{did_you_mean(entry.task, task_names())}"
                    faults.append(Fault("board.yaml", 0, at, message))
                elif locked_request_set(entry.task) is None:
                    message = f"{entry.task} is not in tasks/lock.json: run `evaluator tasks lock`"
                    faults.append(Fault("board.yaml", 0, at, message))
        twice = sorted({task for task in suite.measured if suite.measured.count(task) > 1})
        for task in twice:
            message = f"{task} stands twice in the suite {name}: one area only"
            faults.append(Fault("board.yaml", 0, f"/suites/{name}/areas", message))
    return faults


def _check_decisions(root: Path, tree: Tree, names: Sequence[str]) -> list[Fault]:
    """Return the faults of all decisions: form, name, and whether they concern anything.

    What a decision on a submission with faults concerns is seen once those are mended.
    """
    faults, unread = [], {*names} - {entry.submission.id for entry in tree.entries}
    for path in sorted((root / "decisions").glob("*")):
        below = path.relative_to(root).as_posix()
        if path.name == "README.md" or path.is_dir():
            continue
        try:
            decision = read_decision(root, path)
        except DocumentError as error:
            faults += error.faults
            continue
        if misnamed := deciding.check_name(path, decision):
            faults.append(Fault(below, 0, "", misnamed))
        if decision["submission"] not in unread:
            faults += [Fault(below, 0, *told) for told in deciding.refusals(tree, decision)]
    return faults


def _check_seasons(root: Path, tree: Tree) -> list[Fault]:
    """Return what is wrong between the seasons, the board and the code."""
    faults = []
    for season in tree.seasons:
        faults += [
            Fault(f"seasons/{season.name}.yaml", 0, "", told)
            for told in season_faults(tree, season)
        ]
    if tree.season:
        below = f"seasons/{tree.season.name}.yaml"
        faults += [Fault(below, 0, "/asked", told) for told in out_of_step(tree)]
    return faults


def _read_ground(root: Path) -> tuple[Ground, list[Fault]]:
    """Return board, decisions and seasons, and the faults of board and seasons."""
    faults: list[Fault] = []
    board, seasons = None, []
    try:
        board = read_board(root)
    except DocumentError as error:
        faults += error.faults
    for path in sorted((root / "seasons").glob("*.yaml")):
        try:
            seasons.append(read_season(root, path))
        except DocumentError as error:
            faults += error.faults
    made = tuple(read_decisions(root))
    return Ground(board=board, decisions=made, seasons=tuple(seasons)), faults
