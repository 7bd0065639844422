"""What the page of a model shows: its places, and every result with its origin."""

from __future__ import annotations

from evaluator.board.publish.charts import confusion_picture
from evaluator.board.publish.rows import cell_data, last_measured, parameters_of
from evaluator.board.publish.site import Site
from evaluator.board.publish.task import is_trained_on
from evaluator.board.publish.values import slug
from evaluator.board.publish.words import Words
from evaluator.board.robustness import losses
from evaluator.board.submissions import Entry, Standing
from evaluator.core.files import Json
from evaluator.tasks import load_task, locked_request_set

SHOWN = ("primary", "metrics", "classes", "groups", "confusion", "counts", "method", "key",
         "request_set", "data", "responses", "run")  # fmt: skip
"""Parts of a result that the page of its model shows."""


def model_data(site: Site, entry: Entry) -> Json:
    """Return the page of a model as values: what `models/<slug>.json` holds."""
    submission = entry.submission
    return {
        "model": submission.id,
        "slug": slug(submission.id),
        "title": submission.title,
        "organisation": submission.organisation,
        "kind": submission.kind,
        "source": source_of(entry, site.root.name),
        "dtype": submission.dtype,
        "engine": submission.engine,
        "chat_template": submission.chat_template,
        "licence": submission.licence,
        "parameters": parameters_of(entry),
        "measured": last_measured(entry),
        "training_data": submission.training_data,
        "trained_on": list(submission.trained_on),
        "supersedes": submission.supersedes,
        "places": [
            {"suite": name, "title_of_suite": site.tree.board.suites[name].title, **row}
            for name, row in site.places[submission.id].items()
        ],
        "tasks": [task_result(site, entry, task) for task in site.cells[submission.id]],
        "robustness": [
            row | {"title": load_task(row["task"]).title} for row in losses(site.tree, entry)
        ],
        "repeats": repeats(site, entry),
        "attempts": list(entry.attempts),
        "decisions": [d for d in site.tree.decisions if d["submission"] == submission.id],
    }


def model_view(site: Site, data: Json, words: Words) -> Json:
    """Return what a model's page shows beside its data: sentences and pictures in a language."""
    measured = [task for task in data["tasks"] if task["state"] == "measured"]
    for place in data["places"]:
        low, high = place["best_rank"], place["worst_rank"]
        place["ranks"] = str(low) if low == high else f"{low}–{high}"
        gaps = [
            f"{words.say(load_task(task).title)} {words.name('state', cell['state'])}"
            for task, cell in place["tasks"].items()
            if cell["state"] != "measured"
        ]
        place["why"] = words.listed(gaps)
    for task in measured:
        labels = [row["label"] for row in task["classes"]]
        about = words("model.confusion.of", task=words.say(task["title"]))
        task["picture"] = confusion_picture(labels, task["confusion"], about) if labels else None
    machines = [
        ", ".join(f"{name} {value}" for name, value in task["run"]["environment"].items())
        for task in measured
    ]
    newer = [e for e in site.tree.entries if e.submission.supersedes == data["model"]]
    superseded_by = newer[0].submission.id if newer else ""
    more = {"results": measured, "machines": sorted(set(machines))}
    return data | more | {"superseded_by": superseded_by}


def source_of(entry: Entry, folder: str) -> str:
    """Say where the model's files are."""
    submission = entry.submission
    if submission.repo:
        return f"{submission.repo} at {submission.revision}"
    if submission.folder:
        return f"{folder}/{submission.id}/{submission.folder}"
    return f"rule {submission.policy}"


def task_result(site: Site, entry: Entry, task: str) -> Json:
    """Return one task of one model: its official result in full, or why there is none."""
    cell = site.cells[entry.submission.id][task]
    locked = locked_request_set(task)
    baseline = locked.baseline if locked else None
    shown = {"task": task, "title": load_task(task).title, "baseline": baseline, **cell_data(cell)}
    shown["trained"] = is_trained_on(entry.submission, task)
    if cell.standing is None:
        return shown
    result = cell.standing.result
    return shown | standing_data(site, cell.standing) | {key: result[key] for key in SHOWN}


def repeats(site: Site, entry: Entry) -> list[Json]:
    """Return the results that are not official: other runs, and those of earlier versions."""
    official = {
        cell.standing.path for cell in site.cells[entry.submission.id].values() if cell.standing
    }
    found = []
    for standing in entry.results:
        task = standing.task
        if standing.path not in official:
            asked = site.tree.asked(task)
            current = asked is not None and asked.answered_by(standing.result)
            found.append({"task": task, "current": current, **standing_data(site, standing)})
    return found


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
