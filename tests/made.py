"""Small things that tests make: examples, responses, items, submissions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import settings

from evaluator.core.records import (
    Example,
    Examples,
    Items,
    Prompt,
    Request,
    Response,
    Submission,
    Task,
)
from evaluator.measure.requests import build_requests

fuzz = settings(deadline=None, derandomize=True, max_examples=60)
"""The same drawn cases on every machine, however slow it is."""


def example(name: str = "0", **more: Any) -> Example:
    facts: dict[str, Any] = {"question": f"Question {name}?", "target": "a"} | more
    return Example(id=name, **facts)


def request(name: str = "0", **more: Any) -> Request:
    question = more.pop("question", f"Question {name}?")
    shots = more.pop("shots", ())
    facts: dict[str, Any] = {"index": 0, "generate": False, "continuation": " yes"} | more
    prompt = Prompt(description="", shots=shots, question=question)
    return Request(item=name, prompt=prompt, **facts)


def response(name: str = "0", index: int = 0, **more: Any) -> Response:
    facts: dict[str, Any] = {
        "logprob": 0.0,
        "greedy": False,
        "text": "",
        "finish": "scored",
        "tokens": 1,
        "dropped": 0,
    }
    return Response(item=name, index=index, **(facts | more))


def scored(name: str, logprobs: Sequence[float]) -> tuple[Response, ...]:
    return tuple(response(name, i, logprob=float(value)) for i, value in enumerate(logprobs))


def labelled(
    gold: Sequence[int],
    pred: Sequence[int],
    labels: int,
    value: Sequence[float] | None = None,
) -> Items:
    """Items of a labelled task; pred -1 names no label."""
    columns = {"gold": np.array(gold, float), "pred": np.array(pred, float)}
    columns["correct"] = (columns["gold"] == columns["pred"]).astype(float)
    if value is not None:
        columns["value"] = np.array(value, float)
    return Items(columns=columns, labels=tuple(f"label{i}" for i in range(labels)), clusters=())


def answer_all(
    task: Task, examples: Examples, choose: Callable[[Example], int | str]
) -> list[Response]:
    """Answer a task by a rule: the index of the choice that wins by far, or the text."""
    by_id = {e.id: e for e in examples.test}
    found = []
    for asked in build_requests(task, examples):
        chosen = choose(by_id[asked.item])
        if asked.generate:
            found.append(response(asked.item, text=f" {chosen}", finish="stop"))
        else:
            logprob = 0.0 if asked.index == chosen else -200.0
            found.append(response(asked.item, asked.index, logprob=logprob))
    return found


def submission(**more: Any) -> Submission:
    facts: dict[str, Any] = {
        "id": "some-org/some-model",
        "title": "Some model",
        "kind": "scripted",
        "repo": "",
        "revision": "",
        "folder": "",
        "policy": "random",
        "dtype": "",
        "chat_template": "none",
        "licence": "Apache-2.0",
        "organisation": "Some org",
        "training_data": "none",
        "maintainers": ("someone",),
        "supersedes": "",
        "suites": ("starter",),
    }
    return Submission(**(facts | more))
