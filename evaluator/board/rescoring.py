"""Rescoring: a tree's kept responses scored by the scorer of now, and what moves by how much.

No model is needed, but the test data is: what is right stands there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from evaluator.board.cells import needs_rescore
from evaluator.board.decisions import judge, taken_down
from evaluator.board.queue import plan
from evaluator.board.suites import asked_now
from evaluator.board.tree import Standing, Tree
from evaluator.core.errors import EvaluatorError
from evaluator.core.files import Json
from evaluator.core.records import Examples
from evaluator.measure.rescore import rescore, write_rescored
from evaluator.measure.result import responses_path, run_name
from evaluator.tasks import load_task, locked_request_set, task_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One metric of one result that is not what it was."""

    submission: str
    """<org>/<model>."""
    task: str
    """Name of the task."""
    run: str
    """First 8 hex digits of the responses' hash."""
    metric: str
    """Name of the metric."""
    before: float | None
    """Its value by the earlier scorer; None for a new metric."""
    after: float | None
    """Its value now; None for a metric that is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescored:
    """One result and what scoring its responses anew gave."""

    path: str
    """Where the result stands, relative to the folder of submissions."""
    outcome: str
    """equal, written, skipped; or a fault: differs (same scorer, other numbers), failed."""
    reason: str
    """Why it was skipped or failed, or where the new result was written."""
    moves: tuple[Move, ...] = ()
    """What moved."""


def rescore_tree(
    root: Path, tree: Tree, paths: Collection[str] | None = None
) -> Iterator[Rescored]:
    """Score kept responses anew, task by task; write a result beside each that moved.

    Args:
        root: the folder submissions/.
        tree: what stands in it.
        paths: results to score; None: all of the tree.

    A task whose data is not at hand, or responses that are not those of their result, fail alone.
    """
    from evaluator.measure.data import load_examples  # brings the libraries that read test data

    chosen = [s for e in tree.entries for s in e.results if paths is None or s.path in paths]
    examples: dict[str, Examples] = {}
    last = last_scorings(chosen)
    for standing in sorted(chosen, key=lambda standing: (standing.task, standing.path)):
        reason = why_not(tree, standing) if standing.path in last else "scored anew already"
        if reason:
            yield Rescored(path=standing.path, outcome="skipped", reason=reason)
            continue
        try:
            if standing.task not in examples:  # those of one task at a time are held
                examples = {standing.task: load_examples(load_task(standing.task))}
            yield rescore_one(root, tree, standing, examples[standing.task])
        except EvaluatorError as error:
            yield Rescored(path=standing.path, outcome="failed", reason=str(error))


def why_not(tree: Tree, standing: Standing) -> str:
    """Return why a result cannot or need not be scored anew, '' if it should be."""
    result, name = standing.result, standing.result["submission"]
    if standing.task not in task_names():
        return "the task is not there any more"
    locked = locked_request_set(standing.task, result["method"])
    if locked is None or result["request_set"]["sha256"] != locked.sha256:
        return "answers an earlier version of the task"
    if not result["responses"]["kept"]:
        return "responses not kept, nothing to score"
    if taken_down(tree.decisions, name, standing.task, standing.name):
        return "responses were taken down"
    return ""


def last_scorings(standings: Iterable[Standing]) -> set[str]:
    """Return the paths of those results that their run's responses were last scored in."""

    def run(standing: Standing) -> Path:
        return responses_path(Path(standing.path))

    ordered = sorted(standings, key=lambda s: (run(s), s.rescored, s.result["scorer"]))
    return {[*scorings][-1].path for _, scorings in groupby(ordered, run)}


def due(tree: Tree, standing: Standing) -> bool:
    """Tell whether a result must be scored anew: another scorer, other gold, or a decision."""
    asked, name = asked_now(standing.task), standing.result["submission"]
    verdict = judge(tree.decisions, name, standing.task, standing.name)
    current = asked is not None and asked.answered_by(standing.result)
    return not current or needs_rescore(verdict, standing)


def rescore_one(root: Path, tree: Tree, standing: Standing, examples: Examples) -> Rescored:
    """Score the responses of one result; write what is due."""
    path = root / standing.path
    fresh, equal = rescore(path, standing.result, load_task(standing.task), examples)
    moves = tuple(moves_between(standing.result, fresh))
    if due(tree, standing):
        written = write_rescored(path, fresh).relative_to(root).as_posix()
        return Rescored(path=standing.path, outcome="written", reason=written, moves=moves)
    outcome = "equal" if equal else "differs"
    return Rescored(path=standing.path, outcome=outcome, reason="", moves=moves)


def moves_between(before: Json, after: Json) -> Iterator[Move]:
    """Yield the metrics of two results of the same responses that differ."""
    names = dict.fromkeys([*before["metrics"], *after["metrics"]])
    for name in names:
        one, other = (result["metrics"].get(name, {}).get("value") for result in (before, after))
        if one != other:
            yield Move(
                submission=before["submission"],
                task=before["task"]["name"],
                run=run_name(before),
                metric=name,
                before=one,
                after=other,
            )


def numbers_text(moves: Sequence[Move]) -> str:
    """Return what moved as Markdown: what stands under *Numbers* in the changelog."""
    if not moves:
        return "No published number moves.\n"
    lines = ["| model | task | metric | before | now | by |", "|---|---|---|---|---|---|"]
    for move in sorted(moves, key=lambda m: (m.task, m.metric, m.submission, m.run)):
        before, after = (
            "none" if value is None else f"{100 * value:.2f}" for value in (move.before, move.after)
        )
        by = "" if move.before is None or move.after is None else _by(move.before, move.after)
        lines.append(
            f"| {move.submission} | {move.task} | {move.metric} | {before} | {after} | {by} |"
        )
    return "\n".join(lines) + "\n"


def _by(before: float, after: float) -> str:
    return f"{100 * (after - before):+.2f}"


def chosen(tree: Tree, submissions: Collection[str], *, everything: bool) -> set[str]:
    """Return the paths of the results to score anew.

    Args:
        tree: what stands below submissions/.
        submissions: only these; empty: all.
        everything: all their results; else those of the pairs that the plan would have rescored.
    """
    work = () if everything else plan(tree)
    wanted = {(found.submission, found.task) for found in work if found.action == "rescore"}
    return {
        standing.path
        for entry in tree.entries
        for standing in entry.results
        if (everything or (entry.submission.id, standing.task) in wanted)
        and (not submissions or entry.submission.id in submissions)
    }
