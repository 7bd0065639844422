"""Seasons: a draft is written, its seed revealed, it opens, may be amended, and closes.

A season freezes the board on the day it opens: suites, request sets, scorer versions. What is
frozen changes only by an amendment, which says what moved and why. A closed season is ranked for
ever as it asked (`rank_season`).

Generated tasks take the season's seed. Nobody can pick a seed that suits a model: its sha256 is
committed in the draft, and the seed itself comes after the submissions it is used on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from evaluator.board.cells import find_cell
from evaluator.board.queue import differences
from evaluator.board.suites import Asked, Season, asked_now, suites_data
from evaluator.board.tree import Tree
from evaluator.core.errors import EvaluatorError, did_you_mean
from evaluator.core.files import Json, sha256, write_atomic
from evaluator.core.schema import write_document

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
SETTLED = ("measured", "not-applicable", "declined")
"""States in which a reference model keeps no season from opening."""


def season_path(root: Path, name: str) -> Path:
    """Return where a season stands below submissions/."""
    return root / "seasons" / f"{name}.yaml"


def find_season(tree: Tree, name: str) -> Season:
    """Return a season of the tree.

    Raises:
        EvaluatorError: there is none of that name.
    """
    for season in tree.seasons:
        if season.name == name:
            return season
    known = ", ".join(season.name for season in tree.seasons) or "none yet"
    raise EvaluatorError(f"no season {name!r}; known: {known}")


def new_season(tree: Tree, draft: Season) -> Season:
    """Return a draft that may be written.

    Raises:
        EvaluatorError: the name is taken or cannot name a file; no reference model, or unknown.
        DocumentError: a part that breaks the form, such as an empty title.
    """
    if not NAME.fullmatch(draft.name):
        raise EvaluatorError(f"{draft.name!r} cannot name a season: use a-z, 0-9 and '-'")
    if draft.name in {season.name for season in tree.seasons}:
        raise EvaluatorError(f"there is a season {draft.name} already")
    known = [entry.submission.id for entry in tree.entries]
    if unknown := sorted(set(draft.references) - set(known)):
        told = "\n".join(f"no submission {name}{did_you_mean(name, known)}" for name in unknown)
        raise EvaluatorError(told)
    if not draft.references:
        raise EvaluatorError("name at least one reference model with --reference")
    _file_of(draft)
    return draft


def reveal_seed(season: Season, seed: str) -> Season:
    """Return a draft with its seed revealed.

    Raises:
        EvaluatorError: no seed was committed, another one was, or it is too late.
    """
    if season.state != "draft":
        raise EvaluatorError(f"{_state_of(season)}: its seed stands")
    if not season.seed_sha256:
        raise EvaluatorError(f"season {season.name} has committed to no seed")
    found = sha256(seed.encode())
    if found != season.seed_sha256:
        raise EvaluatorError(
            f"not the seed that season {season.name} committed to: its sha256 is {found}, "
            f"committed was {season.seed_sha256}"
        )
    return replace(season, seed=seed)


def open_season(tree: Tree, season: Season, day: str) -> Season:
    """Return a draft as an open season that freezes the board and the code of now.

    Raises:
        EvaluatorError: everything that keeps it from opening, a sentence each.
    """
    refused = opening_refusals(tree, season)
    if refused:
        raise EvaluatorError("\n".join([f"season {season.name} cannot open:", *refused]))
    asked = {task: asked_now(task) for task in _tasks(tree)}
    return replace(season, opened=day, suites=tree.board.suites,
                   asked={task: found for task, found in asked.items() if found})  # fmt: skip


def opening_refusals(tree: Tree, season: Season) -> list[str]:
    """Return what keeps a draft from opening: state, other seasons, seed, reference models."""
    if season.state != "draft":
        return [f"it is {season.state} already"]
    found = []
    other = next((s.name for s in tree.seasons if s.state == "open"), "")
    if other:
        found.append(f"season {other} is open: close it first")
    if tree.board.season != season.name:
        found.append(f"board.yaml is in season {tree.board.season}: write `season: {season.name}`")
    if season.seed_sha256 and not season.seed:
        found.append("its seed is not revealed: `evaluator season reveal`")
    found += [f"{task} is not locked: `evaluator tasks lock`" for task in _tasks(tree)
              if asked_now(task) is None]  # fmt: skip
    return found + unmeasured_references(tree, season)


def unmeasured_references(tree: Tree, season: Season) -> list[str]:
    """Return a sentence for each task that a reference model still lacks."""
    entries = {entry.submission.id: entry for entry in tree.entries}
    found = []
    for name in season.references:
        if name not in entries:
            found.append(f"reference model {name} is not there")
            continue
        wanted = _tasks(tree, entries[name].submission.suites)
        if not wanted:
            found.append(f"reference model {name} asks for no suite of the board")
        for task in wanted:
            cell = find_cell(tree, entries[name], task)
            if cell.state not in SETTLED:
                found.append(f"reference model {name} on {task}: {cell.state}, {cell.reason}")
    return found + _unreferenced(tree, season)


def _unreferenced(tree: Tree, season: Season) -> list[str]:
    """Suites that no reference model asks for."""
    asked = {suite for entry in tree.entries if entry.submission.id in season.references
             for suite in entry.submission.suites}  # fmt: skip
    return [f"no reference model asks for the suite {name}" for name in tree.board.suites
            if name not in asked]  # fmt: skip


def amend_season(season: Season, *, by: str, reason: str, day: str) -> Season:
    """Return an open season that freezes the code of now, and says what moved and why.

    Earlier numbers of the tasks that moved become stale; `evaluator plan` lists them.

    Raises:
        EvaluatorError: it is not open, nothing moved, or a task is gone.
    """
    if season.state != "open":
        raise EvaluatorError(f"{_state_of(season)}: only an open one can be amended")
    changes: list[Json] = []
    asked: dict[str, Asked] = {}
    for task, frozen in season.asked.items():
        now = asked_now(task)
        if now is None:
            raise EvaluatorError(f"{task} is not there any more: that takes a new season")
        asked[task] = now
        changes += [
            {"task": task, "part": part, "before": before, "after": after}
            for part, before, after in differences(frozen, now)
        ]
    if not changes:
        raise EvaluatorError(f"season {season.name} asks what the code of now asks: no change")
    entry = {"date": day, "by": by, "reason": reason, "changes": changes}
    return replace(season, asked=asked, amendments=(*season.amendments, entry))


def close_season(season: Season, day: str) -> Season:
    """Return an open season as a closed one; results measured later do not enter it.

    Raises:
        EvaluatorError: it is not open.
    """
    if season.state != "open":
        raise EvaluatorError(f"{_state_of(season)}: only an open one can close")
    return replace(season, closed=day)


def write_season(root: Path, season: Season) -> Path:
    """Write a season's file.

    Raises:
        DocumentError: a part that breaks the form.
    """
    path = season_path(root, season.name)
    write_atomic(path, _file_of(season))
    return path


def _file_of(season: Season) -> bytes:
    """Return a season's file, once it follows the schema."""
    return write_document(season_data(season), f"season {season.name}", "season")


def _state_of(season: Season) -> str:
    return f"season {season.name} is {'a draft' if season.state == 'draft' else season.state}"


def season_data(season: Season) -> Json:
    """Return what the file of a season holds; empty parts are left out."""
    asked = {
        task: {
            "version": found.version,
            "scorer": found.scorer,
            "primary": found.primary,
            "request_sets": {name: asdict(sets) for name, sets in found.request_sets.items()},
        }
        for task, found in season.asked.items()
    }
    parts = {
        "schema": 1,
        "title": season.title,
        "summary": season.summary,
        "references": list(season.references),
        "seed_sha256": season.seed_sha256,
        "seed": season.seed,
        "opened": season.opened,
        "closed": season.closed,
        "suites": suites_data(season.suites),
        "asked": asked,
        "amendments": list(season.amendments),
    }
    return {name: value for name, value in parts.items() if value or name == "references"}


def season_faults(tree: Tree, season: Season) -> list[str]:
    """Return what is wrong in a season that follows its schema."""
    found = []
    if season.seed and sha256(season.seed.encode()) != season.seed_sha256:
        found.append("its seed is not the one whose sha256 was committed")
    if season.closed and not season.opened:
        found.append("it closed without having opened")
    if season.closed and season.closed < season.opened:
        found.append("it closed before it opened")
    tasks = {task for suite in season.suites.values() for task in suite.measured}
    if season.opened and (not season.suites or tasks - set(season.asked)):
        lost = ", ".join(sorted(tasks - set(season.asked))) or "the suites"
        found.append(f"it is opened, but {lost} is not frozen")
    if season.state == "open" and season.name != tree.board.season:
        found.append(f"it is open, but board.yaml is in season {tree.board.season}")
    names = {entry.submission.id for entry in tree.entries}
    found += [f"no submission {name}" for name in season.references if name not in names]
    return found


def _tasks(tree: Tree, suites: Sequence[str] = ()) -> list[str]:
    """Return the tasks of all suites, or of the named ones, each once."""
    known = tree.board.suites
    wanted = [suite for name, suite in known.items() if not suites or name in suites]
    return list(dict.fromkeys(task for suite in wanted for task in suite.measured))
