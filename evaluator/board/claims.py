"""Claims: when a run began is said by the machine that ran it. What could a false time win?

The earliest run of a key is the official one, and a closed season holds what was measured before it
closed. So a time that lies too far back replaces a number that was shown, or enters a ranking that
has ended. The workflow publishes no such claim; the audit finds those that came another way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from evaluator.board.audit_history import descendants
from evaluator.board.audited import Audited
from evaluator.board.decisions import judge
from evaluator.board.history import Commit
from evaluator.board.suites import Season
from evaluator.board.tree import Standing
from evaluator.core.errors import Fault
from evaluator.core.files import Json


def why_refused(
    result: Json, standings: Sequence[Standing], seasons: Iterable[Season], now: str
) -> str:
    """Return why a result that comes now cannot have begun when it says; '' if it can.

    Args:
        result: one that is about to be published.
        standings: results of the same submission that stand already.
        seasons: all seasons of the board.
        now: the time, in the form of `run.started`.
    """
    started = result["run"]["started"]
    if any(_run(result) == _run(standing.result) for standing in standings):
        return ""  # what stands, scored anew
    if started > now:
        return f"claims to have begun at {started}, and it is {now}"
    same = [s.result["run"]["started"] for s in standings if s.result["key"] == result["key"]]
    if any(started < other for other in same):
        return f"claims to have begun at {started}, before the run that stands, at {min(same)}"
    for season in seasons:
        asks = result["task"]["name"] in season.asked  # what it did not ask cannot enter it
        if season.closed and started[:10] <= season.closed and asks:
            return f"claims to have begun at {started}, before season {season.name} closed"
    return ""


def check_claims(
    rows: Sequence[Audited],
    commits: Sequence[Commit],
    seasons: Iterable[Season],
    closings: Mapping[str, Collection[str]],
    decisions: Sequence[Json],
) -> tuple[list[Fault], list[Fault]]:
    """Return (findings, notes) about times that the order of the commits speaks against.

    Args:
        rows: every result with the change that added it.
        commits: all commits, parents first.
        seasons: all seasons of the board.
        closings: season -> commits in which it closed.
        decisions: what people decided; a result that is excluded harms no closed season.
    """
    found: list[Fault] = []
    noted: list[Fault] = []
    for row in rows:
        if row.added and (day := row.standing.result["run"]["started"][:10]) > row.added.date:
            found.append(_fault(row, f"measured on {day}, but committed on {row.added.date}"))
    for season in (season for season in seasons if season.closed):
        late = _added_after(rows, commits, {*closings.get(season.name, ())})
        found += [_fault(row, _told(season)) for row in late if _enters(row, season, decisions)]
    for row, first in _overtaking(rows, commits):
        told = f"committed after {first}, but claims an earlier start; it is official now"
        (found if row.standing.result["run"]["trust"] == "ci" else noted).append(_fault(row, told))
    return found, noted


def _added_after(
    rows: Sequence[Audited], commits: Sequence[Commit], closing: set[str]
) -> list[Audited]:
    """Return the results of runs that first came after a commit; scored anew is no new run."""
    after = descendants(commits, closing) - closing
    late = [row for row in rows if row.added and row.added.commit in after]
    there = {
        _run(row.standing.result) for row in rows if row.added and row.added.commit not in after
    }
    return [row for row in late if _run(row.standing.result) not in there]


def _run(result: Json) -> tuple[str, str, str]:
    """Return what a result shares with those that were scored from the same responses."""
    return result["key"], result["responses"]["sha256"], result["run"]["started"]


def _enters(row: Audited, season: Season, decisions: Sequence[Json]) -> bool:
    """Tell whether a result counts in a closed season, by the time that it claims."""
    standing = row.standing
    return (
        standing.task in season.asked
        and standing.result["run"]["started"][:10] <= season.closed
        and not judge(decisions, standing.result["submission"], standing.task, standing.name).out
    )


def _told(season: Season) -> str:
    return (
        f"committed after season {season.name} closed on {season.closed}, but claims to have been "
        "measured before; exclude it (`evaluator decide exclude`) and measure again"
    )


def _overtaking(
    rows: Sequence[Audited], commits: Sequence[Commit]
) -> Iterable[tuple[Audited, str]]:
    """Yield (run, name of the first run committed of its key) of runs that claim to be older."""
    order = {commit.id: number for number, commit in enumerate(commits)}
    by_key: dict[tuple[str, str], list[tuple[int, str, Audited]]] = {}
    for row in rows:
        if row.added:
            result = row.standing.result
            place = (order[row.added.commit], row.standing.path, row)
            by_key.setdefault((result["submission"], result["key"]), []).append(place)
    for runs in by_key.values():
        (_, _, first), *others = sorted(runs, key=lambda run: run[:2])
        for _, _, row in others:
            if row.standing.result["run"]["started"] < first.standing.result["run"]["started"]:
                yield row, first.standing.name


def _fault(row: Audited, message: str) -> Fault:
    return Fault(row.standing.path, 0, "/run/started", message)
