"""A board's own tasks: declared as data in board.yaml, over a JSONL file.

    tasks:
      tickets:
        title: Support tickets
        summary: Which team a ticket belongs to.
        kind: classification
        data: tickets.jsonl
        sha256: 3b0c...
        question: "Ticket: {text} Team:"
        answer: team
        labels: [billing, technical]
        metrics: [macro_f1, accuracy]
        ...

No Python and nothing in this package: the file stands at `submissions/tasks/<data>`, or at
`<task>/<data>` below a folder of `EVALUATOR_DATA` if it must not be in the repository. What the
tasks ask is locked in `submissions/tasks.lock.json`.

The tree is the one that `EVALUATOR_SUBMISSIONS` names, else `submissions/`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from evaluator.core.errors import DataError, DocumentError
from evaluator.core.files import Json
from evaluator.core.records import DataPin, Example, Examples, Metric, Row, Task
from evaluator.core.schema import read_document
from evaluator.core.trees import tree_of
from evaluator.metrics import metrics_of_kind
from evaluator.tasks import built_in_names

FIELD = re.compile(r"\{(\w+)\}")
OPTIONS = "options"
"""`{options}` in a question: the options with letters, which are then what is scored."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
COLUMNS = {
    "choice": ("correct", "pred"),
    "classification": ("correct", "pred", "gold"),
    "matching": ("correct", "pred", "gold", "value"),
    "generation": ("correct",),
}
"""Kind -> item columns."""


def board_folder() -> Path:
    """Return the folder of submissions that is worked on."""
    return Path(os.environ.get("EVALUATOR_SUBMISSIONS") or tree_of(Path()))


def own_tasks() -> dict[str, Task]:
    """Return name -> task of the tasks that the board declares; {} where there is no board.

    Raises:
        DocumentError: all faults of board.yaml.
    """
    path = board_folder() / "board.yaml"
    try:
        stat = path.stat()
    except OSError:
        return {}
    return _read(path.resolve(), stat.st_mtime_ns, stat.st_size)


@cache
def _read(path: Path, changed: int, size: int) -> dict[str, Task]:
    """Read a board once for each state of its file."""
    value, document = read_document(path.read_bytes(), "board.yaml", "board")
    declared = value.get("tasks", {})
    faults = [told for name, facts in declared.items() for told in _faults(name, facts)]
    if faults:
        raise DocumentError([document.fault(*told) for told in faults])
    return {name: to_task(name, facts) for name, facts in declared.items()}


NEEDED = {
    "labels": ("classification", "matching"),
    "choices": ("choice",),
    "stop": ("generation",),
    "max_tokens": ("generation",),
}
"""Key -> the kinds that need it and alone may have it."""


def _faults(name: str, facts: Mapping[str, Json]) -> Iterable[tuple[str, str]]:
    """Return (pointer, message) of what the schema cannot see."""
    kind, here = facts["kind"], f"/tasks/{name}"
    known = metrics_of_kind(kind)
    for i, metric in enumerate(facts["metrics"]):
        if metric not in known:
            told = f"no metric {metric!r} for {kind}; known: {', '.join(known)}"
            yield f"{here}/metrics/{i}", told
        elif i == 0 and known[metric].best != 1:
            yield f"{here}/metrics/0", "the first one is the primary: its best value must be 1"
    for key, kinds in NEEDED.items():
        if kind in kinds and key not in facts:
            yield here, f"a {kind} task needs {key!r}"
        if kind not in kinds and key in facts:
            yield f"{here}/{key}", f"is not for a {kind} task"
    if kind == "matching" and len(facts.get("labels", "ab")) != 2:
        yield f"{here}/labels", "must be two; the second one is the match"
    if name in built_in_names():
        yield here, "is the name of a task that the evaluator brings; choose another"
    try:
        re.compile(facts.get("extract", ""))
    except re.error as error:
        yield f"{here}/extract", f"is no regular expression: {error}"


def to_task(name: str, facts: Mapping[str, Json]) -> Task:
    """Return the task that a board declares, its faults already told."""
    kind = facts["kind"]
    known = metrics_of_kind(kind)
    metrics = tuple(known[metric] for metric in facts["metrics"])
    return Task(
        name=name,
        version=facts.get("version", 1),
        title=facts["title"],
        summary=facts["summary"],
        kind=kind,
        languages=tuple(facts.get("languages", ("und",))),
        licence=facts["licence"],
        open_licence=True,
        source=facts.get("source", ""),
        pins=(pin_of(name, facts),),
        load=_loader(name, facts),
        n_shots=facts.get("shots", 0),
        metrics=metrics,
        primary=metrics[0],
        columns=_columns(kind, metrics[0]),
        extract=_extractor(facts.get("extract", "")),
        stop=tuple(facts.get("stop", ())),
        max_tokens=facts.get("max_tokens", 0),
        notes=f"Declared in this board's board.yaml. {facts.get('notes', '')}".strip(),
    )


def pin_of(name: str, facts: Mapping[str, Json]) -> DataPin:
    """Return the pin of a board's own file: it has a hash and no address."""
    return DataPin(
        id=f"{name}/{facts['data']}",
        repo="",
        commit="",
        path="",
        file=facts["data"],
        sha256=facts["sha256"],
        git_blob="",
        bytes=0,
        rows=0,
        format="jsonl",
        encoding="utf-8",
        licence=facts["licence"],
    )


def _columns(kind: str, primary: Metric) -> tuple[str, ...]:
    columns = COLUMNS[kind]
    committed = primary.tier == "responses" and kind == "generation"
    return (*columns, "value") if committed else columns


def _extractor(pattern: str) -> Callable[[str], str]:
    """Return what finds the answer in a text: the last match of the pattern, else all of it."""

    def extract(text: str) -> str:
        if not pattern:
            return text.strip()
        found = list(re.finditer(pattern, text))
        return (found[-1][found[-1].re.groups and 1] or "").strip() if found else ""

    return extract


def _loader(
    name: str, facts: Mapping[str, Json]
) -> Callable[[Callable[[DataPin], Iterable[Row]]], Examples]:
    def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
        examples, faults = [], []
        for number, row in enumerate(read(pin_of(name, facts))):
            try:
                examples.append(to_example(row, number, facts))
            except ValueError as error:
                faults.append(f"record {number + 1}: {error}")
        if faults:
            more = f" (and {len(faults) - 5} more)" if len(faults) > 5 else ""
            raise DataError(f"{name}: {facts['data']}: {'; '.join(faults[:5])}{more}")
        shown = facts.get("shots", 0)
        return Examples(
            test=tuple(examples[shown:]),
            shots=tuple(examples[:shown]),
            labels=tuple(facts.get("labels", ())),
        )

    return load


def to_example(row: Row, number: int, facts: Mapping[str, Json]) -> Example:
    """Return one record as it is asked.

    Raises:
        ValueError: a field is missing or empty, or the answer is none of the choices.
    """
    kind = facts["kind"]
    options = _listed(row, facts["choices"]) if kind == "choice" else ()
    letters = f"{{{OPTIONS}}}" in facts["question"]
    choices = tuple(LETTERS[: len(options)]) if letters else options
    choices = tuple(facts.get("labels", ())) or choices
    question = FIELD.sub(lambda found: _filled(row, found[1], options), facts["question"])
    answers = _answers(row, facts["answer"])
    gold: tuple[int, ...] = ()
    if kind != "generation":
        gold = tuple(_index(answer, options or choices) for answer in answers)
    return Example(
        id=_text(row, facts["id"]) if "id" in facts else str(number),
        question=question,
        texts=tuple(_text(row, field) for field in facts.get("texts", ())),
        target=choices[gold[0]] if gold else answers[0],
        choices=choices,
        gold=gold,
        answers=() if gold else answers,
        group=_text(row, facts["group"]) if "group" in facts else "",
        cluster=_text(row, facts["cluster"]) if "cluster" in facts else "",
    )


def _filled(row: Row, field: str, options: tuple[str, ...]) -> str:
    if field == OPTIONS:
        return "\n".join(f"{LETTERS[i]}. {option}" for i, option in enumerate(options))
    return _text(row, field)


def _text(row: Row, field: str) -> str:
    value = row.get(field)
    if value is None or value == "":
        raise ValueError(f"field {field!r} is missing or empty")
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _listed(row: Row, field: str) -> tuple[str, ...]:
    """Return a field that holds a list; it arrives as JSON text."""
    value = _parsed(_text(row, field))
    if not isinstance(value, list) or not 2 <= len(value) <= len(LETTERS):
        raise ValueError(f"field {field!r} is no list of 2 to {len(LETTERS)} texts")
    return tuple(str(item) for item in value)


def _answers(row: Row, field: str) -> tuple[str, ...]:
    """Return the right answers: a text, a number, or a list of them."""
    text = _text(row, field)
    value = _parsed(text) if text.startswith("[") else None
    return tuple(str(item) for item in value) if isinstance(value, list) and value else (text,)


def _parsed(text: str) -> Any:
    """Return JSON text as its value, None if it is none."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None


def _index(answer: str, choices: tuple[str, ...]) -> int:
    """Return the place of a right answer: its text, or its number from 0."""
    if answer in choices:
        return choices.index(answer)
    if answer.isdecimal() and int(answer) < len(choices):
        return int(answer)
    raise ValueError(f"answer {answer[:40]!r} is none of the {len(choices)} choices")
