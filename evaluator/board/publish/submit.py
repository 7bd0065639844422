"""What the form for a submission is made of: the schema that `evaluator check` holds it to."""

from __future__ import annotations

from copy import deepcopy

from evaluator.board.card import HEADINGS
from evaluator.board.check_folder import NAME, RESERVED
from evaluator.board.publish.site import Site
from evaluator.board.publish.words import Words
from evaluator.core.files import Json
from evaluator.core.schema import load_schema
from evaluator.tasks import load_task, locked_request_set, task_names

NO_FORM = ("scripted",)
"""Kinds of model that belong to the board itself."""


def submit_data(site: Site, words: Words) -> Json:
    """Return what the form offers, and what its script checks and writes."""
    board = site.tree.board
    schema = schema_here(words)
    model = schema["properties"]["model"]["properties"]
    without = (*NO_FORM, *(() if board.providers else ("served",)))
    kinds = [kind for kind in model["kind"]["enum"] if kind not in without]
    tasks = dict.fromkeys(task for suite in board.suites.values() for task in suite.tasks)
    return {
        "kinds": [(kind, words.name("kind", kind)) for kind in kinds],
        "templates": [
            (name, words.name("template", name)) for name in model["chat_template"]["enum"]
        ],
        "providers": [(name, name) for name in board.providers],
        "answers": [(name, words(f"submit.answers.{name}")) for name in model["answers"]["enum"]],
        "suites": [
            {"suite": name, "title": words.say(suite.title), "tasks": len(suite.tasks)}
            for name, suite in board.suites.items()
        ],
        "script": {
            "schema": schema,
            "tasks": {task: words.say(load_task(task).title) for task in tasks},
            "headings": HEADINGS,
            "name": f"^{NAME.pattern}$",
            "reserved": sorted(RESERVED),
            "new": f"{board.repository}/new/main" if board.public else "",
            "words": words.starting("submit.js."),
        },
    }


def schema_here(words: Words) -> Json:
    """Return the schema of a submission, narrowed to the tasks that there are."""
    schema = deepcopy(load_schema("submission"))
    fields = schema["properties"]
    fields["trained_on"]["items"] = {"enum": task_names(), "message": words("submit.js.task")}
    asked = [name for name in task_names() if locked_request_set(name, "head")]
    fields["model"]["properties"]["tasks"]["items"] = {
        "enum": asked,
        "message": words("submit.js.head", tasks=", ".join(asked)),
    }
    return schema
