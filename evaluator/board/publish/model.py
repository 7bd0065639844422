"""What the page of a model shows: its places, and every result with its origin."""

from __future__ import annotations

from evaluator.board.publish.rows import cell_data, parameters_of, row_data, rows_of
from evaluator.board.publish.site import Site
from evaluator.board.publish.values import slug
from evaluator.board.ranking import find_cell
from evaluator.board.submissions import Entry, Standing
from evaluator.core.files import Json
from evaluator.tasks import load_task, locked_request_set


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
