"""Examples -> requests: what is sent to a model, before any chat template, and its hashes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from evaluator.core.files import Json, hash_json, hash_json_list
from evaluator.core.records import Example, Examples, Prompt, Request, RequestSet, Task
from evaluator.measure.method import PARSED_TOKENS, list_choices
from evaluator.metrics.choice import candidates
from evaluator.tasks.protocol import draw_shots

VARIANT = "clean"
"""The request set of a task itself; what is asked in other ways is a task of its own."""


def choose_shots(task: Task, examples: Examples) -> dict[str, tuple[Example, ...]]:
    """Return group -> the worked examples shown to its items: the first of its pool."""
    groups = dict.fromkeys(example.group for example in examples.test)
    # a part of a task may hold some groups only
    grouped = groups.keys() <= {shot.group for shot in examples.shots}
    found = {}
    for group in groups:
        own = tuple(shot for shot in examples.shots if shot.group == group)
        pool = own if grouped and group and len(own) >= task.n_shots else examples.shots
        found[group] = pool[: task.n_shots]
    return found


def build_requests(task: Task, examples: Examples, method: str = "") -> list[Request]:
    """Return all requests of a task, item by item and choice by choice.

    A choice is sent as one continuation, the task's delimiter before it. Requests of an item share
    one prompt, unless its choices differ in what comes before (`Example.contexts`).
    With the method `head` each label is asked about the bare texts instead, without a prompt; with
    `parsed` a text is asked for, and the prompt says what the choices are.
    """
    if method == "head":
        return _head_requests(examples)
    if method == "parsed":
        shots = choose_shots(task, examples)
        return [_ask_for_choice(task, examples, e, shots[e.group]) for e in examples.test]
    return [
        request
        for example, shots in zip(examples.test, _shots_of_items(task, examples), strict=True)
        for request in ask(
            task,
            example,
            _describe(task, examples, example.group),
            shots,
        )
    ]


def _describe(task: Task, examples: Examples, group: str) -> str:
    """Return what comes before the shots of a group: from its data, or else from the task."""
    return examples.descriptions.get(group, task.describe(group))


def _shots_of_items(task: Task, examples: Examples) -> Iterator[tuple[tuple[str, str], ...]]:
    """Yield the (question, target) pairs shown to each item."""
    if task.protocol == "lm-eval" and task.lm_eval and task.lm_eval.drawn:
        for shots in draw_shots(task, examples):
            yield tuple((shot.question, shot.target) for shot in shots)
        return
    shots_of = {
        group: tuple((shot.question, shot.target) for shot in shots)
        for group, shots in choose_shots(task, examples).items()
    }
    yield from (shots_of[example.group] for example in examples.test)


def ask(
    task: Task, example: Example, description: str, shots: tuple[tuple[str, str], ...]
) -> list[Request]:
    """Return the requests of one item, shown these (question, target) pairs before it."""
    prompt = Prompt(
        description=description,
        shots=shots,
        question=example.question,
        delimiter=task.delimiter,
    )
    if task.kind == "generation":
        return [
            Request(
                item=example.id,
                index=0,
                generate=True,
                prompt=prompt,
                continuation="",
                stop=task.stop,
                max_tokens=task.max_tokens,
                protocol=task.protocol,
            )
        ]
    if example.contexts:
        pairs = [(replace(prompt, question=text), example.target) for text in example.contexts]
    else:
        scored = (example.target,) if task.kind == "likelihood" else example.choices
        pairs = [(prompt, text) for text in scored]
    return [
        Request(
            item=example.id,
            index=index,
            generate=False,
            prompt=before,
            continuation=f"{task.delimiter}{text}",
            protocol=task.protocol,
        )
        for index, (before, text) in enumerate(pairs)
    ]


def _head_requests(examples: Examples) -> list[Request]:
    nothing = Prompt(description="", shots=(), question="")
    return [
        Request(
            item=example.id,
            index=index,
            generate=False,
            prompt=nothing,
            continuation=choice,
            texts=example.texts,
            labels=examples.labels,
        )
        for example in examples.test
        for index, choice in enumerate(example.choices)
    ]


def _ask_for_choice(
    task: Task, examples: Examples, example: Example, shots: tuple[Example, ...]
) -> Request:
    """Return the request for a written choice.

    Declared labels stand once, before everything; choices of an item stand before its question, and
    so in the worked examples.
    """

    def listed(asked: Example) -> str:
        if examples.labels:
            return asked.question
        return list_choices([asked.choices[i] for i in candidates(asked)]) + asked.question

    description = _describe(task, examples, example.group)
    if examples.labels:
        description += list_choices(examples.labels)
    return Request(
        item=example.id,
        index=0,
        generate=True,
        prompt=Prompt(
            description=description,
            shots=tuple((listed(shot), shot.target) for shot in shots),
            question=listed(example),
            delimiter=task.delimiter,
        ),
        continuation="",
        max_tokens=PARSED_TOKENS,
    )


def describe_requests(task: Task, examples: Examples, requests: Sequence[Request]) -> RequestSet:
    """Return the identity of a request set."""
    return RequestSet(
        sha256=hash_json_list(sent(request) for request in requests),
        items_sha256=hash_json([example.id for example in examples.test]),
        gold_sha256=hash_json([[list(e.gold), list(e.answers)] for e in examples.test]),
        n=len(examples.test),
        requests=len(requests),
        baseline=round(task.primary.baseline(examples.test), 12),
    )


def sent(request: Request) -> Json:
    """Return what makes two requests the same: everything that is sent, ready for JSON.

    Bare texts, a delimiter other than a space and a protocol other than the board's come last, so
    that requests without them hash as they always did.
    """
    bare: list[Json] = [request.texts] if request.texts else []
    told: list[Json] = [
        request.item,
        request.index,
        request.generate,
        request.prompt.description,
        request.prompt.shots,
        request.prompt.question,
        request.continuation,
        request.stop,
        request.max_tokens,
        *bare,
    ]
    if request.prompt.delimiter != " ":
        told.append(request.prompt.delimiter)
    return told if request.protocol == "board" else [*told, {"protocol": request.protocol}]


def can_be_classified(task: Task, examples: Examples) -> bool:
    """Tell whether a classifier can answer: a labelled task whose items all have bare texts."""
    return bool(examples.labels) and all(e.texts for e in examples.test)
