"""Decisions: what people decided about a number, who, when, why; and what follows from it.

A decision concerns a submission, or one task of it, or one run. Later ones are read after earlier
ones. None is ever edited or removed: what was wrong is followed by another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluator.board.tree import Tree
from evaluator.core.files import Json
from evaluator.measure.result import responses_path

TAKES_OUT = ("exclude", "withdraw")
"""Actions that end a result's place until it is restored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the decisions about one run, or about all runs of a task, come to."""

    out: str = ""
    """exclude or withdraw if it is taken out, else ''."""
    reason: str = ""
    """Why it is taken out."""
    rescore: str = ""
    """Why its responses must be scored anew, else ''."""
    notes: tuple[str, ...] = ()
    """Notes to show beside the number."""


UNDECIDED = Verdict()
"""What no decision comes to."""


def judge(decisions: Sequence[Json], submission: str, task: str, run: str = "") -> Verdict:
    """Return what the decisions say about a run; without `run` only those about all runs count."""
    if not decisions:  # nearly every model of a large board
        return UNDECIDED
    out, reason, rescore, notes = "", "", "", []
    for decision in decisions:
        if not _concerns(decision, submission, task, run):
            continue
        action = decision["action"]
        if action in TAKES_OUT:
            out, reason = action, decision["reason"]
        elif action == "restore":
            out, reason = "", ""
        elif action == "rescore":
            rescore = decision["reason"]
        elif action == "annotate":
            notes.append(decision["reason"])
    return Verdict(out=out, reason=reason, rescore=rescore, notes=tuple(notes))


def declined(decisions: Sequence[Json], submission: str) -> dict[str, str]:
    """Return task -> why, for the declines that were decided after the submission."""
    return {
        decision["task"]: f"{decision['reason']} ({', '.join(decision['evidence'])})"
        for decision in decisions
        if decision["action"] == "decline" and decision["submission"] == submission
    }


def taken_down(decisions: Sequence[Json], submission: str, task: str, run: str) -> bool:
    """Tell whether the responses of a run were removed by a decision."""
    return any(
        decision["action"] == "takedown" and _concerns(decision, submission, task, run)
        for decision in decisions
    )


def _concerns(decision: Json, submission: str, task: str, run: str) -> bool:
    return bool(
        decision["submission"] == submission
        and decision.get("task", task) == task
        and decision.get("run", run) == run
    )


def responses_of(root: Path, tree: Tree, decision: Json) -> list[Path]:
    """Return where the responses that a takedown concerns stand, or stood."""
    return [
        responses_path(root / standing.path)
        for entry in tree.entries
        if entry.submission.id == decision["submission"]
        for standing in entry.results
        if _concerns(decision, entry.submission.id, standing.task, standing.name)
    ]


def decisions_data(tree: Tree) -> list[Json]:
    """Return all decisions, newest first, each with `stands`: whether it still has an effect.

    An exclusion or withdrawal no longer stands once a later decision restores all that it took out.
    """
    rows = []
    for number, decision in enumerate(tree.decisions):
        later = tree.decisions[number + 1 :]
        lifted = decision["action"] in TAKES_OUT and any(
            other["action"] == "restore" and covers(other, decision) for other in later
        )
        rows.append({"task": "", "run": "", "time": "", "evidence": [], **decision,
                     "stands": not lifted})  # fmt: skip
    return rows[::-1]


def covers(wide: Json, narrow: Json) -> bool:
    """Tell whether one decision concerns all that another one does."""
    return all(
        part not in wide or wide[part] == narrow.get(part) for part in ("submission", "task", "run")
    )
