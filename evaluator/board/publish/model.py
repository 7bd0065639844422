"""What the page of a model shows: its places, and every result with its origin."""

from __future__ import annotations

from operator import itemgetter

from evaluator.board.index import baseline_of
from evaluator.board.publish.profile import profile_data, profile_view
from evaluator.board.publish.rows import last_measured, parameters_of
from evaluator.board.publish.site import Site
from evaluator.board.publish.task import is_trained_on
from evaluator.board.publish.values import slug
from evaluator.board.publish.words import Words
from evaluator.board.tree import Entry, Standing
from evaluator.core.files import Json
from evaluator.tasks import load_task, task_names

SHOWN = ("primary", "confusion", "method", "data")
"""Parts of a result that stand in the file of its model as they are."""
SETUP = ("environment", "evaluator", "runner")
"""Parts of a run that are the same for most results of a model."""

ESTIMATE = ("value", "stderr", "low", "high", "n", "tier")
"""What is told of a number, in this order."""
values_of = itemgetter(*ESTIMATE)
"""Takes them out of a number."""
DIGITS = 6
"""Digits of an estimate; its page shows four."""
OF_THE_ROW = ("model", "slug", "title", "organisation", "kind", "dtype", "licence", "parameters",
              "tasks")  # fmt: skip
"""Facts of a ranked row that stand beside its place already."""


def model_facts(site: Site, entry: Entry) -> Json:
    """Return what a list of models shows of one."""
    submission = entry.submission
    return {
        "model": submission.id,
        "slug": slug(submission.id),
        "title": submission.title,
        "organisation": submission.organisation,
        "kind": submission.kind,
        "licence": submission.licence,
        "parameters": parameters_of(entry),
        "measured": last_measured(entry),
        "places": [
            {
                "suite": name,
                "title_of_suite": site.tree.board.suites[name].title,
                **{fact: value for fact, value in row.items() if fact not in OF_THE_ROW},
            }
            for name, row in site.places[submission.id].items()
        ],
    }


def model_data(site: Site, entry: Entry) -> Json:
    """Return the page of a model as values: what `models/<slug>.json` holds.

    Args:
        site: everything.
        entry: the model, with its results in full, as `site.whole` gives it.
    """
    submission = entry.submission
    results = {standing.path: standing for standing in entry.results}
    setups: list[Json] = []
    return model_facts(site, entry) | {
        "source": source_of(entry, site.root.name),
        "dtype": submission.dtype,
        "engine": submission.engine,
        "chat_template": submission.chat_template,
        "training_data": submission.training_data,
        "trained_on": list(submission.trained_on),
        "supersedes": submission.supersedes,
        "tasks": [
            task_result(site, submission.id, task, results, setups)
            | {"trained": is_trained_on(submission, task)}
            for task in site.cells[submission.id]
        ],
        "estimate": ESTIMATE,
        "setups": setups,
        "profile": profile_data(site, entry),
        "repeats": repeats(site, entry),
        "attempts": list(entry.attempts),
        "decisions": [d for d in site.tree.decisions if d["submission"] == submission.id],
    }


def model_view(site: Site, data: Json, words: Words) -> Json:
    """Return what a model's page shows: its data, with sentences in a language."""
    measured = [task for task in data["tasks"] if task["state"] == "measured"]
    return data | {
        "places": [place_view(site, place, data["tasks"], words) for place in data["places"]],
        "results": measured,
        "grouped": any(task["groups"] and not task["varies"] for task in measured),
        "classified": any(task["labels"] for task in measured),
        "attempts": [
            attempt | {"title": titled(site, attempt["task"]) if attempt.get("task") else "–"}
            for attempt in sorted(data["attempts"], key=lambda a: a["when"], reverse=True)
        ],
        "superseded_by": site.newer.get(data["model"], ""),
        "beside": profile_view(data["profile"], words),
    }


def place_view(site: Site, place: Json, tasks: list[Json], words: Words) -> Json:
    """Return the place of a model on a suite with its ranks, or why it has none, in words."""
    asked = site.tree.board.suites[place["suite"]].tasks
    cells = {task["task"]: task for task in tasks if task["task"] in asked}
    titles = {name: words.say(task["title"]) for name, task in cells.items()}
    return place | {"ranks": ranks(place), "why": words.gaps(cells, titles)}


def ranks(place: Json) -> str:
    """Return the ranks that a model may have: 3 or 3–5."""
    low, high = place["best_rank"], place["worst_rank"]
    return str(low) if low == high else f"{low}–{high}"


def script_words(words: Words) -> Json:
    """Return what the script of the pages of models says: one file a language, read when asked.

    It names every metric, count and task, where a page needs only some: a board of thousands has
    it once, not on each page.
    """
    groups = ("metric", "tier", "method", "count")
    names = {key: text for key, text in words.texts.items() if key.split(".")[0] in groups}
    names |= {f"task.{name}": words.say(load_task(name).title) for name in task_names()}
    return {
        "names": names,
        "to": words("to"),
        "colon": words("colon"),
        "responses": words("model.responses"),
        "right": words("col.right"),
        "answered": words("col.answered"),
        "items": words("col.items"),
        "none": words("model.confusion.empty"),
    }


def source_of(entry: Entry, folder: str) -> str:
    """Say where the model's files are."""
    submission = entry.submission
    if submission.repo:
        return f"{submission.repo} at {submission.revision}"
    if submission.folder:
        return f"{folder}/{submission.id}/{submission.folder}"
    return f"rule {submission.policy}"


def task_result(
    site: Site, model: str, task: str, results: dict[str, Standing], setups: list[Json]
) -> Json:
    """Return one task of one model: its official result, or why there is none.

    Args:
        site: everything.
        model: id of the submission.
        task: name of the task.
        results: path -> result in full.
        setups: machines and programs met so far; one met first is added.
    """
    asked = site.tree.asked(task)
    baseline = baseline_of(asked) if asked else None
    known = load_task(task)
    shown = {"task": task, "title": known.title, "varies": known.varies, "baseline": baseline}
    shown |= site.numbers[model][task]
    official = site.cells[model][task].standing
    if official is None:
        return shown
    standing = results[official.path]
    return shown | standing_data(site, standing) | result_data(standing.result, setups)


def result_data(result: Json, setups: list[Json]) -> Json:
    """Return what the file of a model holds of a result: all that its page shows, and no more.

    Numbers are lists in the order of ESTIMATE, with six digits. Of classes only their names are
    there: what else a table tells of them follows from `confusion`. `run.setup` is a place in
    `setups`. The committed result, at `path`, has everything to the last bit.
    """
    run = result["run"]
    setup = {part: run[part] for part in SETUP if part in run}
    if setup not in setups:
        setups.append(setup)
    return {key: result[key] for key in SHOWN} | {
        "metrics": {name: estimate_data(found) for name, found in result["metrics"].items()},
        "groups": {name: estimate_data(found) for name, found in result["groups"].items()},
        "labels": [row["label"] for row in result["classes"]],
        "counts": {name: n for name, n in result["counts"].items() if n},
        "request_set": result["request_set"]["sha256"],
        "responses_kept": result["responses"]["kept"],
        "run": {part: value for part, value in run.items() if part not in SETUP}
        | {"setup": setups.index(setup)},
    }


def estimate_data(found: Json) -> list[Json]:
    """Return a number with its error and interval in the order of ESTIMATE."""
    values = values_of(found)
    return [round(value, DIGITS) if isinstance(value, float) else value for value in values]


def repeats(site: Site, entry: Entry) -> list[Json]:
    """Return the results that are not official, task by task, the current ones first.

    Returns:
        Rows of {task, title, state: reproduces (another run of the official measurement), other
        (the same question, asked in another way) or stale; off: value less the official one, None
        unless it reproduces}, and `standing_data`.
    """
    cells = site.cells[entry.submission.id]
    official = {task: cell.standing for task, cell in cells.items() if cell.standing}
    paths = {standing.path for standing in official.values()}
    found = []
    for standing in entry.results:
        if standing.path in paths:
            continue
        task, shown = standing.task, standing_data(site, standing)
        asked, first = site.tree.asked(task), official.get(task)
        current = asked is not None and asked.answered_by(standing.result)
        again = current and first and first.result["key"] == standing.result["key"]
        state = "reproduces" if again else "other" if current else "stale"
        off = shown["value"] - cells[task].value if again else None
        found.append(
            {"task": task, "title": titled(site, task), "state": state, "off": off, **shown}
        )
    return sorted(found, key=lambda row: (row["task"], row["state"] == "stale"))


def titled(site: Site, task: str) -> str:
    """Return the title of a task; its name if this board knows it no more."""
    known = site.tree.tasks.get(task)
    return known.title if known else task


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
