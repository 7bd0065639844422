"""Reference pages that are generated from the code, so that they cannot drift from it."""

from __future__ import annotations

import importlib
import inspect
from functools import cache
from typing import Any

from typer import Context
from typer.main import get_command
from typer.models import CommandInfo

from evaluator.board.publish.words import Words
from evaluator.cli import app
from evaluator.core.files import Json
from evaluator.core.schema import NAMES, load_schema
from evaluator.metrics import all_metrics

WIDTH = 80
"""Letters of a line of help."""
OPTIONAL = " (optional)"
"""Mark of a field that need not be there, before it is put into a language."""


def pages(words: Words) -> dict[str, str]:
    """Return path below docs/ -> Markdown of every generated reference page.

    Headings and sentences are in a language; what stands in the code is English in all of them.
    """
    return {
        "metrics.md": metrics_page(words),
        "result-format.md": format_page(words),
        "commands.md": commands_page(words),
    }


def metrics_page(words: Words) -> str:
    """Return the page of metrics: definition, range and source from each docstring."""
    parts = [
        f"# {words('reference.metrics')}\n",
        f"{words('reference.metrics.lead')}\n",
    ]
    for name in (
        "classification",
        "matching",
        "choice",
        "ranking",
        "generation",
        "corpus",
        "instructions",
        "likelihood",
        "calibration",
        "fairness",
    ):
        module = importlib.import_module(f"evaluator.metrics.{name}")
        heading = words.name("reference.metrics", name)
        parts.append(f"## {heading[0].upper()}{heading[1:]} {{ #{name} }}\n")
        parts.append(_said(inspect.getdoc(module) or "", words).split("\n\n")[0] + "\n")
        for metric in all_metrics():
            if vars(module).get(metric.name) is not metric:
                continue
            tier = words(f"reference.tier.{metric.tier}")
            parts.append(f"### {metric.name}\n")
            parts.append(f"{_said(metric.doc, words)}\n")
            parts.append(f"*[{metric.best:g}, {metric.worst:g}]; {tier}*\n")
    return "\n".join(parts)


def _said(doc: str, words: Words) -> str:
    """Return a docstring with its first paragraph in a language."""
    first, *more = doc.split("\n\n")
    return "\n\n".join([words.say(first), *more])


def format_page(words: Words) -> str:
    """Return the page of committed files: every field of every schema with its description."""
    parts = [
        f"# {words('reference.format')}\n",
        f"{words('reference.format.lead')}\n",
    ]
    for name in NAMES:
        schema = load_schema(name)
        parts.append(f"## {schema['title']}\n")
        path, about = schema["description"].split(": ", 1)
        link = f"[Schema](data/schemas/{name}.json){{ download }}"
        parts.append(f"`{path}`: {about} {link}\n")
        heads = [words(f"reference.format.{head}") for head in ("field", "type", "meaning")]
        parts.append(f"| {' | '.join(heads)} |\n|---|---|---|")
        rows = _field_rows(schema, schema, "")
        parts += [row.replace(OPTIONAL, words("reference.format.optional"), 1) for row in rows]
        parts.append("")
    return "\n".join(parts)


def _field_rows(schema: Json, root: Json, prefix: str) -> list[str]:
    rows = []
    required = schema.get("required", [])
    for name, part in schema.get("properties", {}).items():
        if "$ref" in part:
            part = {**root["$defs"][part["$ref"].removeprefix("#/$defs/")], **part}
        mark = "" if name in required else OPTIONAL
        kind = part.get("type", "one of " + ", ".join(map(str, part.get("enum", [""]))))
        if "const" in part:
            kind = f"always {part['const']}"
        shown = " or ".join(kind) if isinstance(kind, list) else kind
        about = part.get("description", "").replace("|", "\\|").replace("<", "&lt;")
        rows.append(f"| `{prefix}{name}`{mark} | {shown} | {about} |")
        rows += _field_rows(part, root, f"{prefix}{name}.")
        rows += _inner_rows(part, root, f"{prefix}{name}")
    return rows


def _inner_rows(schema: Json, root: Json, prefix: str) -> list[str]:
    """Return the rows of what a map or a list holds, whatever else lies between."""
    rows = []
    for key, mark in (("additionalProperties", ".*"), ("items", "[]")):
        if isinstance(schema.get(key), dict):
            inner = _resolved(schema[key], root)
            rows += _field_rows(inner, root, f"{prefix}{mark}.")
            rows += _inner_rows(inner, root, f"{prefix}{mark}")
    return rows


def _resolved(schema: Json, root: Json) -> Json:
    if "$ref" in schema:
        return root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema


def commands_page(words: Words) -> str:
    """Return the page of commands: the help of every verb."""
    parts = [f"# {words('reference.commands')}\n", f"{words('reference.commands.lead')}\n"]
    for command in command_words():
        shown = " ".join(("evaluator", *command))
        parts.append(f"## {shown}\n\n```text\n{help_of(command)}\n```\n")
    return "\n".join(parts)


@cache  # the same in the pages of all languages
def help_of(command: tuple[str, ...]) -> str:
    """Return what a command says of itself."""
    here = command_tree()
    settings = here.context_settings
    context = Context(here, info_name="evaluator", terminal_width=WIDTH, **settings)
    for word in command:
        here = here.commands[word]
        context = Context(here, info_name=word, parent=context)
    told: str = here.get_help(context)
    return told.strip()


@cache  # takes as long to build as all pages of the reference
def command_tree() -> Any:
    """Return the commands as the command line reads them."""
    return get_command(app)


def command_words() -> list[tuple[str, ...]]:
    """Return the words of every command: (), (check,), ..., (data, fetch), ..."""
    found: list[tuple[str, ...]] = [()]
    found += [(_name_of(command),) for command in app.registered_commands]
    for group in app.registered_groups:
        inner = group.typer_instance
        assert group.name and inner
        found.append((group.name,))
        found += [(group.name, _name_of(command)) for command in inner.registered_commands]
    return found


def _name_of(command: CommandInfo) -> str:
    return command.name or command.callback.__name__.replace("_", "-")  # type: ignore[union-attr]
