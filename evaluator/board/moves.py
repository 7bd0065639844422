"""What moves: the official numbers of two states of a tree, side by side."""

from __future__ import annotations

from evaluator.board.cells import Cell, find_cell
from evaluator.board.tree import Entry, Tree
from evaluator.core.files import Json


def moved_cells(before: Tree, after: Tree, submission: str) -> list[Json]:
    """Return {task, before, now, why} of each number of a submission that is not what it was."""
    found = []
    ends = [_entry(tree, submission) for tree in (before, after)]
    tasks = {name for entry in ends if entry for name in (*entry.by_task, *entry.declines)}
    suites = before.board.suites.values()
    tasks |= {task for suite in suites for task in suite.measured
              if any(end and suite.name in end.submission.suites for end in ends)}  # fmt: skip
    for task in sorted(tasks):
        one, other = (
            find_cell(tree, entry, task) if entry else Cell(state="pending", reason="not there")
            for tree, entry in zip((before, after), ends, strict=True)
        )
        if told(one) != told(other):
            why = other.reason or "; ".join(other.notes)
            found.append({"task": task, "before": told(one), "now": told(other), "why": why})
    return found


def told(cell: Cell) -> str:
    """Return a number with its run and its notes, or the state that stands in its place."""
    if cell.standing is None:
        return cell.state
    noted = ", noted" * bool(cell.notes)
    return f"{cell.value:.4f} (run {cell.standing.path.rsplit('/', 1)[-1][:-5]}{noted})"


def _entry(tree: Tree, submission: str) -> Entry | None:
    return next((e for e in tree.entries if e.submission.id == submission), None)
