"""What the form for a submission is made of: the schema that `evaluator check` holds it to."""

from __future__ import annotations

from evaluator.board.card import HEADINGS
from evaluator.board.publish.site import Site
from evaluator.board.publish.words import Words
from evaluator.core.files import Json
from evaluator.core.schema import load_schema
from evaluator.tasks import load_task

NO_FORM = ("scripted",)
"""Kinds of model that belong to the board itself."""


def submit_data(site: Site, words: Words) -> Json:
    """Return what the form offers, and what its script checks and writes."""
    board = site.tree.board
    schema = load_schema("submission")
    model = schema["properties"]["model"]["properties"]
    kinds = [kind for kind in model["kind"]["enum"] if kind not in NO_FORM]
    tasks = dict.fromkeys(task for suite in board.suites.values() for task in suite.tasks)
    return {
        "kinds": [(kind, words.name("kind", kind)) for kind in kinds],
        "templates": [
            (name, words.name("template", name)) for name in model["chat_template"]["enum"]
        ],
        "suites": [
            {"suite": name, "title": words.say(suite.title), "tasks": len(suite.tasks)}
            for name, suite in board.suites.items()
        ],
        "script": {
            "schema": schema,
            "tasks": {task: words.say(load_task(task).title) for task in tasks},
            "headings": HEADINGS,
            "new": f"{board.repository}/new/main" if board.public else "",
            "words": words.starting("submit.js."),
        },
    }
