"""A new decision: whether it can stand, when it is made, and the file it is written to.

What decisions come to once they are made stands in `decisions.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from evaluator.board.decisions import TAKES_OUT, covers, decisions_data, responses_of
from evaluator.board.tree import Tree
from evaluator.core.errors import DocumentError, EvaluatorError, Fault, did_you_mean
from evaluator.core.files import Json, sha256, write_atomic
from evaluator.core.schema import write_document


def write_decision(root: Path, tree: Tree, decision: Json) -> Path:
    """Write a decision below `decisions/`, named after its day and its own hash.

    A takedown also removes the responses it concerns.

    Raises:
        DocumentError: it breaks the form, or concerns nothing in the tree; each fault points to the
            part that is wrong.
        EvaluatorError: it comes to nothing.
    """
    data = write_document(decision, "the decision", "decision")
    if refused := refusals(tree, decision):
        raise DocumentError([Fault("the decision", 0, *told) for told in refused])
    if void := _why_void(root, tree, decision):
        raise EvaluatorError(void)
    path = root / "decisions" / f"{decision['date']}-{sha256(data)[:8]}.yaml"
    write_atomic(path, data)
    if decision["action"] == "takedown":
        for packed in responses_of(root, tree, decision):
            packed.unlink(missing_ok=True)
    return path


def refusals(tree: Tree, decision: Json) -> list[tuple[str, str]]:
    """Return why a decision that follows its schema cannot stand in this tree: (pointer, fault)."""
    action, name = decision["action"], decision["submission"]
    entry = next((e for e in tree.entries if e.submission.id == name), None)
    if entry is None:
        known = [e.submission.id for e in tree.entries]
        return [("/submission", f"no submission {name!r}{did_you_mean(name, known)}")]
    found = []
    known = sorted(
        {task for suite in tree.board.suites.values() for task in suite.measured}
        | {s.result["task"]["name"] for s in entry.results}
    )
    if (task := decision.get("task")) and task not in known:
        told = f"{name} has nothing to do with the task {task!r}{did_you_mean(task, known)}"
        found.append(("/task", told))
    if "run" in decision and action == "withdraw":
        told = "a withdrawal concerns a model or a task, never one run: exclude that instead"
        found.append(("/run", told))
    elif "run" in decision and action == "decline":
        found.append(("/run", "a decline concerns a task, never one run: leave the run out"))
    elif "run" in decision:
        runs = sorted({s.name for s in entry.results if decision.get("task") in (None, s.task)})
        if decision["run"] not in runs:
            told = f"{name} has no run {decision['run']} there; its runs: "
            found.append(("/run", told + (", ".join(runs) or "none")))
    if action == "decline":
        found += _decline_refusals(tree, decision)
    return found


def _why_void(root: Path, tree: Tree, decision: Json) -> str:
    """Return why a new decision would come to nothing, '' if it has an effect."""
    action, name = decision["action"], decision["submission"]
    if action == "restore":
        earlier = [
            d for d in decisions_data(tree)
            if d["stands"] and d["action"] in TAKES_OUT and d["submission"] == name
        ]  # fmt: skip
        if not any(covers(decision, _given(other)) for other in earlier):
            others = ", ".join(map(_told, earlier)) or "none"
            told = "nothing to restore: no exclusion or withdrawal of that stands"
            return f"{told}; standing: {others}"
    kept = responses_of(root, tree, decision)
    if action == "rescore" and not kept:
        return "nothing to rescore: no result of that"
    if action == "takedown" and not any(path.exists() for path in kept):
        return "nothing to take down: no responses of that are kept"
    return ""


def _told(decision: Json) -> str:
    """Return action and reach of a decision, such as `exclude of the task gsm8k`."""
    reach = [f"the {part} {decision[part]}" for part in ("task", "run") if decision[part]]
    return f"{decision['action']} of {', '.join(reach) or 'all tasks'}"


def _given(decision: Json) -> Json:
    return {part: value for part, value in decision.items() if value}


def moment(made: Sequence[Json], now: datetime) -> dict[str, str]:
    """Return date and time of a new decision: now, or a second after the last one."""
    for last in made[-1:]:
        given = datetime.fromisoformat(f"{last['date']}T{last.get('time') or '00:00:00Z'}")
        now = max(now, given + timedelta(seconds=1))
    return {"date": now.strftime("%Y-%m-%d"), "time": now.strftime("%H:%M:%SZ")}


def _decline_refusals(tree: Tree, decision: Json) -> list[tuple[str, str]]:
    found = []
    if "task" not in decision:
        found.append(("/task", "a decline names a task"))
    if not decision.get("evidence"):
        found.append(("/evidence", "a decline needs evidence: the address of what shows it"))
    return found + [
        ("/task", fault)
        for name, fault in too_many_declines(tree, (*tree.decisions, decision))
        if name == decision["submission"] and "task" in decision
    ]


def too_many_declines(tree: Tree, decisions: Sequence[Json]) -> list[tuple[str, str]]:
    """Return (submission, fault) for each that declines more than one task of a suite."""
    found = []
    for entry in tree.entries:
        name = entry.submission.id
        own = [*entry.declines, *(d["task"] for d in decisions if d["action"] == "decline"
               and d["submission"] == name and "task" in d)]  # fmt: skip
        for suite in tree.board.suites.values():
            of_suite = sorted(set(own) & set(suite.tasks))
            if len(of_suite) > 1:
                message = f"declines {', '.join(of_suite)} of {suite.name}: at most one in a suite"
                found.append((name, message))
    return found


def check_name(path: Path, decision: Json) -> str:
    """Return what is wrong with a decision's file name, '' if it is named after day and hash."""
    name = f"{decision['date']}-{sha256(path.read_bytes())[:8]}.yaml"
    well = re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9a-f]{8}\.yaml", path.name)
    return "" if well and path.name == name else f"must be named {name} after its date and hash"
