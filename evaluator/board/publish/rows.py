"""Rows of a ranking as plain values, and a ranking as JSON."""

from __future__ import annotations

from evaluator.board.cells import Cell
from evaluator.board.publish.table import is_open
from evaluator.board.publish.values import rounded, slug, tie_letter
from evaluator.board.ranking import Place, Ranking, Unranked
from evaluator.board.tree import Entry
from evaluator.core.files import Json


def cell_data(cell: Cell) -> Json:
    """Return one score with its interval, or the state that stands in its place."""
    return {
        "state": cell.state,
        "reason": cell.reason,
        "value": rounded(cell.value),
        "low": rounded(cell.low),
        "high": rounded(cell.high),
        "n": cell.n,
        "skill": rounded(cell.skill),
        "trust": cell.standing.result["run"]["trust"] if cell.standing else "",
        "method": cell.standing.result["method"] if cell.standing else "",
        "notes": list(cell.notes),
    }


def row_data(row: Place | Unranked) -> Json:
    """Return one line of a ranking; a model without a rank has null where the rank would be."""
    submission = row.entry.submission
    placed = row if isinstance(row, Place) else None
    return {
        "model": submission.id,
        "slug": slug(submission.id),
        "title": submission.title,
        "organisation": submission.organisation,
        "kind": submission.kind,
        "dtype": submission.dtype,
        "licence": submission.licence,
        "trained_on": list(submission.trained_on),
        "open": is_open(submission.licence),
        "parameters": parameters_of(row.entry),
        "measured": last_measured(row.entry),
        **cost_of(row.cells),
        "trust": trust_of(row.cells),
        "reproduced": all(repeated(row.entry, cell) for cell in row.cells.values()),
        "best_rank": placed.best_rank if placed else None,
        "worst_rank": placed.worst_rank if placed else None,
        "tie_group": tie_letter(placed.tie_group) if placed else None,
        "tie_number": placed.tie_group if placed else None,
        "index": rounded(row.index),
        "low": rounded(row.low),
        "high": rounded(row.high),
        "areas": {name: rounded(value) for name, value in row.areas.items()},
        "tasks": {name: cell_data(cell) for name, cell in row.cells.items()},
    }


def repeated(entry: Entry, cell: Cell) -> bool:
    """Tell whether another run of the same measurement stands beside the official one."""
    if cell.standing is None:
        return False
    key = cell.standing.result["key"]
    run = cell.standing.name
    return any(s.result["key"] == key and s.name != run for s in entry.results)


def rows_of(ranking: Ranking) -> list[Place | Unranked]:
    """Return all rows of a suite: the ranked in order, then the others."""
    return [*ranking.places, *ranking.unranked]


def ranking_data(ranking: Ranking, rows: list[Json] | None = None) -> Json:
    """Return a ranked suite: what `rank --json` prints and `data/<suite>.json` holds."""
    suite = ranking.suite
    rows = [row_data(row) for row in rows_of(ranking)] if rows is None else rows
    return {
        "suite": suite.name,
        "title": suite.title,
        "summary": suite.summary,
        "areas": {a: [entry.task for entry in entries] for a, entries in suite.areas.items()},
        "ranked": rows[: len(ranking.places)],
        "unranked": rows[len(ranking.places) :],
    }


def parameters_of(entry: Entry) -> int:
    """Return the number of parameters that the last result states; 0 if unknown."""
    return max((s.result["model"]["parameters"] for s in entry.results), default=0)


def cost_of(cells: dict[str, Cell]) -> Json:
    """Return what the official runs took: energy in kWh where all state it, else seconds."""
    runs = [cell.standing.result["run"] for cell in cells.values() if cell.standing]
    energy = [run.get("energy_joules", 0) for run in runs]
    known = bool(energy) and all(energy)
    total = sum(energy) / 3.6e6 if known else sum(run["seconds"] for run in runs)
    return {"energy": known, "cost": float(f"{total:.4g}")}


def last_measured(entry: Entry) -> str:
    """Return the day of the newest result, '' without one."""
    return max((s.result["run"]["started"][:10] for s in entry.results), default="")


def trust_of(cells: dict[str, Cell]) -> str:
    """Return the weakest trust among the numbers of a row, '' without numbers."""
    found = {c.standing.result["run"]["trust"] for c in cells.values() if c.standing}
    return next((trust for trust in ("served", "local", "ci") if trust in found), "")
