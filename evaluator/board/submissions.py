"""Read what stands below submissions/, as data: the whole tree, or a part of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import orjson

from evaluator.board.eligibility import eligibility_of
from evaluator.board.suites import Season, read_season, suites_of, with_varied
from evaluator.board.tree import Board, Entry, Standing, Tree, frozen_suites
from evaluator.core.errors import DocumentError, Fault, did_you_mean
from evaluator.core.files import Json, read_plain
from evaluator.core.records import Provider, Submission
from evaluator.core.schema import read_document, read_json_document
from evaluator.measure.result import read_result

T = TypeVar("T")
Keep = Callable[[Json], Json]
SPECIAL = {"attestations", "decisions", "seasons"}
"""Folders below submissions/ that are no organisation."""


def read_board(root: Path) -> Board:
    """Return the board of a tree of submissions.

    Raises:
        DocumentError: every fault of board.yaml.
    """
    data = read_plain(root / "board.yaml", "board.yaml")
    value, document = read_document(data, "board.yaml", "board")
    suites = with_varied(suites_of(value["suites"]), value.get("varied", {}))
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
        eligibility=eligibility_of(value.get("eligibility", {})),
        providers={n: Provider(name=n, **p) for n, p in value.get("providers", {}).items()},
        public=value.get("visibility", "public") == "public",
        colour=value.get("colour", ""),
    )


def read_submission(root: Path, name: str) -> tuple[Submission, dict[str, str]]:
    """Return (submission, declines) of the folder `<org>/<model>` below `root`.

    Raises:
        DocumentError: every fault of submission.yaml.
    """
    path = f"{name}/submission.yaml"
    must_be_there(root, name)
    value, _ = read_document(read_plain(root / path, path), path, "submission")
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
        adapter=_adapter_of(model.get("adapter", {})),
        engine=model.get("engine", ""),
        provider=model.get("provider", ""),
        name=model.get("name", ""),
        answers=model.get("answers", ""),
        trained_on=tuple(value.get("trained_on", ())),
    )
    declines = {
        entry["task"]: f"{entry['reason']} ({', '.join(entry['evidence'])})"
        for entry in value.get("declines", [])
    }
    return submission, declines


def must_be_there(root: Path, name: str) -> None:
    """Refuse the name of a submission that has no folder.

    Raises:
        DocumentError: says which folder may have been meant.
    """
    if not (root / name).is_dir():
        nearest = did_you_mean(name, entry_names(root))
        raise DocumentError([Fault(name, 0, "", f"no such folder{nearest}")])


def everything(result: Json) -> Json:
    """Keep a result whole."""
    return result


def _adapter_of(declared: Json) -> str:
    on_hub = f"{declared['repo']}@{declared['revision']}" if "repo" in declared else ""
    return on_hub or str(declared.get("folder", ""))


def read_entry(root: Path, name: str, keep: Keep = everything) -> Entry:
    """Return one submission with its card, results (what `keep` leaves of them) and attempts.

    Raises:
        DocumentError: the faults of all its files.
    """
    entry, faults = look_at_entry(root, name, keep)
    if entry is None or faults:
        raise DocumentError(faults)
    return entry


def look_at_entry(
    root: Path, name: str, keep: Keep = everything
) -> tuple[Entry | None, list[Fault]]:
    """Return what can be read of a submission, and the faults of its other files.

    Without a submission.yaml that can be read there is none.
    """
    faults: list[Fault] = []
    read = _collect(faults, partial(read_submission, root, name))
    home = root / name
    standing = [
        _collect(faults, partial(_read_standing, root, path, keep))
        for path in sorted(home.glob("results/*/*/*.json"))
    ]
    attempts = [
        _collect(faults, partial(_read_attempt, root, path))
        for path in sorted(home.glob("attempts/*.json"))
    ]
    card = _collect(faults, partial(_read_card, root, name))
    if read is None:
        return None, faults
    entry = Entry(
        submission=read[0],
        declines=read[1],
        card=card or "",
        results=tuple(found for found in standing if found),
        attempts=tuple(found for found in attempts if found),
    )
    return entry, faults


def _read_card(root: Path, name: str) -> str:
    path = f"{name}/card.md"
    if not (root / path).exists():
        return ""
    try:
        return read_plain(root / path, path).decode("utf-8")
    except UnicodeDecodeError:
        raise DocumentError([Fault(path, 0, "", "not UTF-8")]) from None


def entry_names(root: Path) -> list[str]:
    """Return `<org>/<model>` of every folder that holds a submission, sorted."""
    return sorted(
        f"{path.parent.parent.name}/{path.parent.name}"
        for path in root.glob("*/*/submission.yaml")
        if path.parent.parent.name not in SPECIAL
    )


def read_tree(root: Path, keep: Keep = everything) -> Tree:
    """Return everything below `root` (the folder submissions/).

    Once a season is open, the board's suites are those that it froze, whatever board.yaml says.

    Args:
        root: the folder.
        keep: result -> what of it is held in memory, once it is checked against its schema.

    Raises:
        DocumentError: the faults of all files at once.
    """
    faults: list[Fault] = []
    board = _collect(faults, partial(read_board, root))
    names = entry_names(root)
    entries = [_collect(faults, partial(read_entry, root, name, keep)) for name in names]
    decisions = _read_each(faults, root, "decisions", read_decision)
    seasons = _read_each(faults, root, "seasons", read_season)
    if board is None or faults:
        raise DocumentError(faults)
    return frozen_suites(
        Tree(
            board=board,
            entries=tuple(entry for entry in entries if entry),
            decisions=tuple(sorted(decisions, key=_when)),
            seasons=tuple(seasons),
        )
    )


def _when(decision: Json) -> tuple[str, str]:
    return decision["date"], decision.get("time", "")


def _read_each(
    faults: list[Fault], root: Path, folder: str, read: Callable[[Path, Path], T]
) -> list[T]:
    """Read every YAML file of a folder, by name."""
    found = [
        _collect(faults, partial(read, root, path))
        for path in sorted((root / folder).glob("*.yaml"))
    ]
    return [value for value in found if value is not None]


def read_standings(root: Path) -> list[Standing]:
    """Return every result below `root` that follows its schema, by path; `check` tells the rest."""
    faults: list[Fault] = []
    found = [
        _collect(faults, partial(_read_standing, root, path))
        for path in sorted(root.glob("*/*/results/*/*/*.json"))
    ]
    return [standing for standing in found if standing]


def read_again(root: Path, standing: Standing) -> Standing:
    """Return a result in full of which a part was kept when the tree was read and checked."""
    data = read_plain(root / standing.path, standing.path)
    return Standing(path=standing.path, result=orjson.loads(data))


def read_decisions(root: Path) -> list[Json]:
    """Return every decision below `root` that follows its schema; `check` tells the rest."""
    faults: list[Fault] = []
    return sorted(_read_each(faults, root, "decisions", read_decision), key=_when)


def read_seasons(root: Path) -> list[Season]:
    """Return every season below `root` that follows its schema, by name; `check` tells the rest."""
    faults: list[Fault] = []
    return _read_each(faults, root, "seasons", read_season)


def read_decision(root: Path, path: Path) -> Json:
    """Return one decision.

    Raises:
        DocumentError: every fault of the file.
    """
    name = _below(root, path)
    return read_document(read_plain(path, name), name, "decision")[0]


def _collect(faults: list[Fault], read: Callable[[], T]) -> T | None:
    """Call `read`; on faults, add them to the list and go on."""
    try:
        return read()
    except DocumentError as error:
        faults.extend(error.faults)
        return None


def _below(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _read_standing(root: Path, path: Path, keep: Keep = everything) -> Standing:
    name = _below(root, path)
    return Standing(path=name, result=keep(read_result(path, name)))


def _read_attempt(root: Path, path: Path) -> Json:
    name = _below(root, path)
    return read_json_document(read_plain(path, name), name, "attempt")
