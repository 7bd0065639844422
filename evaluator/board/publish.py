"""Publish: the repository -> what the site shows. The same tree gives the same bytes.

`read_site` gathers everything once; the `*_data` functions turn it into plain values. Templates
show those values and the same values are offered for download, so that page and file never differ.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from evaluator.board.history import Change, additions, in_git, read_history
from evaluator.board.ranking import Cell, Place, Ranking, Unranked, find_cell, rank
from evaluator.board.submissions import Entry, Standing, Tree, read_tree
from evaluator.core.files import Json
from evaluator.core.records import Task
from evaluator.tasks import load_task, locked_request_set, task_names

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DANGEROUS_CELL = tuple("=+-@\t\r\0＝＋－＠")
"""A table program may run a cell that begins with one of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything the site is derived from."""

    tree: Tree
    """Board, submissions, results, decisions."""
    rankings: dict[str, Ranking]
    """Suite -> ranking."""
    added: dict[str, Change]
    """Path below submissions/ -> the commit that added it; empty outside git."""


def read_site(submissions: Path) -> Site:
    """Read the tree of submissions and, inside git, its history.

    Raises:
        DocumentError: the faults of all files at once.
    """
    tree = read_tree(submissions)
    repository = submissions.resolve().parent
    changes = read_history(repository, submissions.name) if in_git(repository) else []
    prefix = f"{submissions.name}/"
    return Site(
        tree=tree,
        rankings={name: rank(tree, suite) for name, suite in tree.board.suites.items()},
        added={path.removeprefix(prefix): c for path, c in additions(changes).items()},
    )


def slug(submission: str) -> str:
    """Return the address of a model: `<org>--<model>`."""
    return submission.replace("/", "--")


def tie_letter(number: int) -> str:
    """Return A for the first tie group, ..., Z, AA, AB, ..."""
    name = ""
    while number > 0:
        number, rest = divmod(number - 1, len(LETTERS))
        name = LETTERS[rest] + name
    return name


def rounded(value: float, digits: int = 6) -> float | None:
    """Return a number for download; None for one that does not exist."""
    return None if value != value else round(value, digits)


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
        "licence": submission.licence,
        "parameters": parameters_of(row.entry),
        "measured": last_measured(row.entry),
        "trust": trust_of(row.cells),
        "best_rank": placed.best_rank if placed else None,
        "worst_rank": placed.worst_rank if placed else None,
        "tie_group": tie_letter(placed.tie_group) if placed else None,
        "index": rounded(placed.index) if placed else None,
        "low": rounded(placed.low) if placed else None,
        "high": rounded(placed.high) if placed else None,
        "areas": {name: rounded(value) for name, value in placed.areas.items()} if placed else {},
        "tasks": {name: cell_data(cell) for name, cell in row.cells.items()},
    }


def rows_of(ranking: Ranking) -> list[Place | Unranked]:
    """Return all rows of a suite: the ranked in order, then the others."""
    return [*ranking.places, *ranking.unranked]


def ranking_data(ranking: Ranking) -> Json:
    """Return a ranked suite: what `rank --json` prints and `data/<suite>.json` holds."""
    suite = ranking.suite
    return {
        "suite": suite.name,
        "title": suite.title,
        "summary": suite.summary,
        "areas": {a: [entry.task for entry in entries] for a, entries in suite.areas.items()},
        "ranked": [row_data(place) for place in ranking.places],
        "unranked": [row_data(row) for row in ranking.unranked],
    }


def ranking_csv(ranking: Ranking) -> str:
    """Return a ranking as CSV (RFC 4180); text that a table program might run is quoted with '."""
    tasks = ranking.suite.tasks
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    facts = ("model", "title", "organisation", "licence", "parameters", "best_rank", "worst_rank",
             "tie_group", "index", "low", "high")  # fmt: skip
    writer.writerow([*facts, *ranking.suite.areas, *tasks])
    for row in [row_data(row) for row in rows_of(ranking)]:
        areas = [row["areas"].get(area) for area in ranking.suite.areas]
        scores = [row["tasks"][task]["value"] for task in tasks]
        writer.writerow([safe_cell(v) for v in (*(row[f] for f in facts), *areas, *scores)])
    return file.getvalue()


def safe_cell(value: Json) -> Json:
    """Put ' before text that a table program might run as a formula."""
    if isinstance(value, str) and value.startswith(DANGEROUS_CELL):
        return "'" + value
    return value


def parameters_of(entry: Entry) -> int:
    """Return the number of parameters that the last result states; 0 if unknown."""
    return max((s.result["model"]["parameters"] for s in entry.results), default=0)


def last_measured(entry: Entry) -> str:
    """Return the day of the newest result, '' without one."""
    return max((s.result["run"]["started"][:10] for s in entry.results), default="")


def trust_of(cells: dict[str, Cell]) -> str:
    """Return the weakest trust among the numbers of a row, '' without numbers."""
    found = {c.standing.result["run"]["trust"] for c in cells.values() if c.standing}
    return "local" if "local" in found else "ci" if found else ""


def tie_sentence(ranking: Ranking) -> str:
    """Say in words who leads and whether the data can tell the leaders apart."""
    leaders = [p.entry.submission.title for p in ranking.places if p.tie_group == 1]
    if not leaders:
        return "No model is complete on this suite yet."
    if len(leaders) == 1:
        return f"{leaders[0]} leads; every other model is proven to be behind."
    return f"{join_words(leaders)} lead together: these items cannot tell them apart."


def join_words(words: list[str]) -> str:
    """Join words as a sentence does."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def suite_data(site: Site, name: str) -> Json:
    """Return what the page of a suite shows."""
    ranking = site.rankings[name]
    data: dict[str, Json] = ranking_data(ranking)
    data["headline"] = tie_sentence(ranking)
    data["season"] = site.tree.board.season
    data["asked"] = [
        {"area": area, "task": t.task, "title": load_task(t.task).title, "reason": t.reason}
        for area, tasks in ranking.suite.areas.items()
        for t in tasks
    ]
    data["last_result"] = max((row["measured"] for row in data["ranked"]), default="")
    ends = [end for row in data["ranked"] for end in (row["low"], row["high"], 0.0, 100.0)]
    data["scale"] = [min(ends, default=0.0), max(ends, default=100.0)]
    return data


def model_data(site: Site, entry: Entry) -> Json:
    """Return what the page of a model shows: its places, and every result with its origin."""
    submission = entry.submission
    places = []
    for name in submission.suites:
        ranking = site.rankings[name]
        row = next(r for r in rows_of(ranking) if r.entry.submission.id == submission.id)
        places.append({"suite": name, "title": ranking.suite.title, **row_data(row)})
    tasks = dict.fromkeys(t for name in submission.suites for t in site.rankings[name].suite.tasks)
    return {
        "model": submission.id,
        "slug": slug(submission.id),
        "title": submission.title,
        "organisation": submission.organisation,
        "kind": submission.kind,
        "source": source_of(entry),
        "dtype": submission.dtype,
        "chat_template": submission.chat_template,
        "licence": submission.licence,
        "parameters": parameters_of(entry),
        "training_data": submission.training_data,
        "supersedes": submission.supersedes,
        "places": places,
        "tasks": [task_result(site, entry, task) for task in tasks],
        "decisions": [d for d in site.tree.decisions if d["submission"] == submission.id],
    }


def source_of(entry: Entry) -> str:
    """Say where the model's files are."""
    submission = entry.submission
    if submission.repo:
        return f"{submission.repo} at {submission.revision}"
    if submission.folder:
        return f"submissions/{submission.id}/{submission.folder}"
    return f"rule {submission.policy}"


def task_result(site: Site, entry: Entry, task: str) -> Json:
    """Return one task of one model: the official result in full, and the repeats beside it."""
    cell = find_cell(site.tree, entry, task)
    shown: dict[str, Json] = {"task": task, "title": load_task(task).title, **cell_data(cell)}
    locked = locked_request_set(task)
    shown["baseline"] = locked.baseline if locked else None
    shown["repeats"] = [
        standing_data(site, s) for s in entry.results
        if s.result["task"]["name"] == task and s is not cell.standing
    ]  # fmt: skip
    if cell.standing is None:
        return shown
    result = cell.standing.result
    shown |= standing_data(site, cell.standing)
    for key in ("primary", "metrics", "classes", "groups", "confusion", "counts", "method", "key",
                "request_set", "data", "responses", "run"):  # fmt: skip
        shown[key] = result[key]
    return shown


def standing_data(site: Site, standing: Standing) -> Json:
    """Return where a result stands and who added it in which commit."""
    change = site.added.get(standing.path)
    found = standing.result["metrics"][standing.result["primary"]]
    return {
        "path": standing.path,
        "name": standing.name,
        "value": found["value"],
        "commit": change.commit if change else "",
        "author": change.author if change else "",
        "date": change.date if change else "",
        "subject": change.subject if change else "",
    }


def task_data(site: Site, name: str) -> Json:
    """Return what the page of a task shows: how it is asked, and every model on it."""
    task: Task = load_task(name)
    locked = locked_request_set(name)
    board = []
    for entry in site.tree.entries:
        cell = find_cell(site.tree, entry, name)
        if cell.state == "measured":
            submission = entry.submission
            facts = {"model": submission.id, "slug": slug(submission.id)}
            board.append({**facts, "title": submission.title, **cell_data(cell)})
    board.sort(key=lambda row: (-row["skill"], row["model"]))
    suites = [
        {"suite": suite.name, "title": suite.title, "area": area, "reason": found.reason}
        for suite in site.tree.board.suites.values()
        for area, entries in suite.areas.items()
        for found in entries
        if found.task == name
    ]
    return {
        "task": name,
        "title": task.title,
        "version": task.version,
        "summary": task.summary,
        "kind": task.kind,
        "languages": list(task.languages),
        "licence": task.licence,
        "open_licence": task.open_licence,
        "source": task.source,
        "shots": task.n_shots,
        "stop": list(task.stop),
        "max_tokens": task.max_tokens,
        "notes": task.notes,
        "primary": task.primary.name,
        "metrics": [{"name": m.name, "doc": m.doc.split("\n\n")[0]} for m in task.metrics],
        "pins": [
            {"id": p.id, "repo": p.repo, "commit": p.commit, "path": p.path, "bytes": p.bytes,
             "rows": p.rows, "licence": p.licence, "sha256": p.sha256}
            for p in task.pins
        ],
        "n": locked.n if locked else 0,
        "requests": locked.requests if locked else 0,
        "request_sha256": locked.sha256 if locked else "",
        "baseline": locked.baseline if locked else None,
        "suites": suites,
        "board": board,
    }  # fmt: skip


def tasks_data(site: Site) -> Json:
    """Return the list of all tasks."""
    return [task_data(site, name) for name in task_names()]
