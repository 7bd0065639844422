"""Refresh test sets: has a pinned repository moved on, and what would a newer pin change?

A pin never moves by itself. What is found here is a proposal for a pull request: the new pin, and
which rows were added, removed or changed. Whoever takes it raises the version of the tasks.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from evaluator.core.errors import DataError, EvaluatorError
from evaluator.core.files import canonical_bytes, git_blob_id, pretty_bytes, sha256
from evaluator.core.records import DataPin
from evaluator.measure.data import fetch, find_bytes, parse_rows
from evaluator.tasks import load_task, pins_of, task_names

Row = dict[str, Any]
GIT_ADDRESS = "https://github.com"
TIMEOUT_SECONDS = 60
MOST_SHOWN = 5
"""Rows of each kind that a proposal shows."""
LONGEST_SHOWN = 300
"""Characters of a row that a proposal shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A pin whose repository has a newer commit."""

    pin: DataPin
    """The pin."""
    newest: str
    """The commit that the repository's default branch stands at, 40 hex digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChanges:
    """How the rows of a newer file differ."""

    added: tuple[Row, ...]
    """Rows that are new."""
    removed: tuple[Row, ...]
    """Rows that are gone."""
    changed: tuple[tuple[Row, Row], ...]
    """(before, after) of rows that are the same question with another content."""
    same: int
    """Rows that did not change, wherever they stand now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A pin as it would be at the newest commit."""

    before: DataPin
    """The pin as it is."""
    after: DataPin
    """The pin as it would be."""
    changes: RowChanges
    """What that would change."""


def newest_commit(repository: str) -> str:
    """Return the commit at which the default branch of `owner/name` stands.

    `EVALUATOR_GIT` replaces the host, for boards behind a mirror.

    Raises:
        DataError: no network, or no such repository.
    """
    address = f"{os.environ.get('EVALUATOR_GIT', GIT_ADDRESS).rstrip('/')}/{repository}"
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    command = ["git", "ls-remote", "--exit-code", "--", address, "HEAD"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment,
            timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise DataError(f"{address}: no answer in {TIMEOUT_SECONDS} s") from None
    found = re.match(r"([0-9a-f]{40})\tHEAD\n", done.stdout)
    if done.returncode or found is None:
        said = done.stderr.strip().split("\n")[-1] or "it has no commit"
        raise DataError(f"{address}: cannot be asked for its newest commit: {said}")
    return found[1]


def find_moved(pins: Iterable[DataPin]) -> tuple[list[Moved], list[str]]:
    """Return the pins whose repository has a newer commit, and what could not be asked.

    Each repository is asked once; a board's own files have none.
    """
    by_repository: dict[str, list[DataPin]] = {}
    for pin in pins:
        if pin.repo:
            by_repository.setdefault(pin.repo, []).append(pin)
    moved, failures = [], []
    for repository, own in sorted(by_repository.items()):
        try:
            newest = newest_commit(repository)
        except DataError as error:
            failures.append(str(error))
            continue
        moved += [Moved(pin=pin, newest=newest) for pin in own if pin.commit != newest]
    return moved, failures


def propose_newer(names: Iterable[str]) -> tuple[list[Proposal], list[str]]:
    """Return what newer pins of these tasks would change, and what could not be asked or read."""
    moved, failures = find_moved(pins_of(names))
    proposals = []
    for one in moved:
        try:
            proposals.append(propose(one))
        except EvaluatorError as error:
            failures.append(str(error))
    return proposals, failures


def propose(moved: Moved) -> Proposal:
    """Return what a pin at the newest commit would be, and how its rows differ.

    Raises:
        DataError: the file is gone, cannot be fetched, is no longer of the pinned form, or holds
            what no JSON can say.
    """
    pin = moved.pin
    asked = replace(pin, commit=moved.newest, sha256="", git_blob="", bytes=0, rows=0)
    data = fetch(asked)
    try:
        rows = parse_rows(pin, data)
    except DataError as error:
        raise DataError(f"at {moved.newest}: {error}") from None
    after = replace(
        asked, sha256=sha256(data), git_blob=git_blob_id(data), bytes=len(data), rows=len(rows)
    )
    try:
        changes = compare_rows(parse_rows(pin, find_bytes(pin)), rows)
    except ValueError as error:  # NaN, or half a pair of surrogates
        raise DataError(
            f"at {moved.newest}: {pin.id}: its rows cannot be compared: {error}"
        ) from None
    return Proposal(before=pin, after=replace(after, verified=True), changes=changes)


def compare_rows(before: Sequence[Row], after: Sequence[Row]) -> RowChanges:
    """Return how two versions of a file differ, row by row.

    Rows that stand in both are the same. Of the rest, two are one question that changed if they
    share the value of the column that tells all rows apart; without such a column, if they stand at
    the same place.
    """
    old, new = (Counter(map(canonical_bytes, rows)) for rows in (before, after))
    gone, come = _beyond(before, new), _beyond(after, old)
    column = _telling_column(before, after)
    wanted = {_name(at, row, column): row for at, row in come}
    changed, removed = [], []
    for at, row in gone:
        later = wanted.pop(_name(at, row, column), None)
        if later is None:
            removed.append(row)
        else:
            changed.append((row, later))
    return RowChanges(
        added=tuple(wanted.values()),
        removed=tuple(removed),
        changed=tuple(changed),
        same=sum((old & new).values()),
    )


def _beyond(rows: Sequence[Row], other: Counter[bytes]) -> list[tuple[int, Row]]:
    """Return (place, row) of those that the other version does not hold, or not as often."""
    left, found = other.copy(), []
    for at, row in enumerate(rows):
        key = canonical_bytes(row)
        if left[key] > 0:
            left[key] -= 1
        else:
            found.append((at, row))
    return found


def _telling_column(before: Sequence[Row], after: Sequence[Row]) -> str:
    """Return the first column without equal values in either version, half of them kept; or ''."""
    for column in before[0] if before else ():
        if not all(column in row for rows in (before, after) for row in rows):
            continue
        old, new = ({str(row[column]) for row in rows} for rows in (before, after))
        if len(old) == len(before) and len(new) == len(after) and 2 * len(old & new) >= len(old):
            return column
    return ""


def _name(at: int, row: Row, column: str) -> str:
    return str(row[column]) if column else str(at)


def proposal_text(proposals: Sequence[Proposal]) -> str:
    """Return the text of a pull request that takes newer pins, as Markdown."""
    head = ("| file | rows | added | removed | changed | same |", "|---|---|---|---|---|---|")
    parts = ["Newer test data", "", *head]
    for p in proposals:
        c = p.changes
        rows = f"{p.before.rows} -> {p.after.rows}"
        numbers = f"{len(c.added)} | {len(c.removed)} | {len(c.changed)} | {c.same}"
        parts.append(f"| {p.before.id} | {rows} | {numbers} |")
    for p in proposals:
        parts += ["", *_one(p)]
    parts += [
        "",
        "Before this is merged: put the pins into `evaluator/tasks/pins/`, raise the version of "
        "every task that reads a file with changed rows, and run `evaluator tasks lock`. Older "
        "results become stale; `evaluator plan` lists them.",
    ]
    return "\n".join(parts)


def _one(proposal: Proposal) -> list[str]:
    """Return the section of one file: where it moved, what changed, the new pin."""
    before, after, changes = proposal.before, proposal.after, proposal.changes
    parts = [f"## {before.id}", "", f"`{before.repo}` {before.commit} -> {after.commit}"]
    if before.sha256 == after.sha256 or before.git_blob == after.git_blob:
        parts += ["", "The file has the same bytes."]
    lines = [f"+ {_shown(row)}" for row in changes.added[:MOST_SHOWN]]
    lines += [f"- {_shown(row)}" for row in changes.removed[:MOST_SHOWN]]
    for old, new in changes.changed[:MOST_SHOWN]:
        begin = _first_difference(old, new)
        lines += [f"- {_shown(old, begin)}", f"+ {_shown(new, begin)}"]
    if lines:
        parts += ["", "```diff", *lines, "```"]
    facts = {k: v for k, v in asdict(after).items() if k not in ("id", "verified")}
    pin = pretty_bytes({before.id: facts}).decode().rstrip("\n")
    readers = [name for name in task_names() if before.id in {p.id for p in load_task(name).pins}]
    parts += ["", f"Read by {', '.join(readers)}."] if readers else []
    return [*parts, "", "```json", pin, "```"]


def _first_difference(old: Row, new: Row) -> int:
    """Return how far the texts of two rows that differ are the same, in characters."""
    pairs = zip(_text(old), _text(new), strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), 0)


def _shown(row: Row, at: int = 0) -> str:
    """Return the part of a row around the character `at`, its beginning if that is near enough."""
    text = _text(row)
    begin = max(0, at - LONGEST_SHOWN // 2) if at > LONGEST_SHOWN * 2 // 3 else 0
    end = begin + LONGEST_SHOWN
    return "..." * (begin > 0) + text[begin:end] + "..." * (end < len(text))


def _text(row: Row) -> str:
    """Return a row in one line that cannot end a block of Markdown."""
    return canonical_bytes(row).decode().replace("```", "'''")
