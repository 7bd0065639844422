"""Sample: one item of a task, in the parts that a model is sent, for the page of the task.

Pages show no text of anyone's data set. A task that reads files has an invented item in
`tasks/samples.json`, in the form of the real ones and sent through the task's own code; prompt
tests write it and hold it there. A task that reads no file shows its own first item.
"""

from __future__ import annotations

from evaluator.core.files import Json
from evaluator.core.records import Example, Examples, Request, Task
from evaluator.measure.data import load_examples
from evaluator.measure.requests import build_requests
from evaluator.tasks import load_task, sample_entry

MOST = 8
"""Options of an item that are shown; the right one is always among them."""


def sample_of(name: str) -> Json | None:
    """Return the sample of a task, {invented, ...} of `to_sample`; None if there is none.

    There is none for a task of a board's own files, and for a varied task that reads any.
    """
    task = load_task(name)
    if not task.pins:
        return {"invented": False, **to_sample(task, load_examples(task))}
    kept = sample_entry(name)
    return kept and {"invented": True, **kept}


def to_sample(task: Task, examples: Examples) -> Json:
    """Return the first item of a task as it is sent.

    Returns:
        {version: of the task; asks: [{description, shots, question: parts of what is sent before
        an answer, in order; options: [[text, whether it is right], ...]}], one for each prompt of
        the item; n_options: all there are; answers: right answers of a written text; written and
        read: the answer of a worked example and what is read from it, both '' where that is all}.
    """
    first = examples.test[0]
    asked = [request for request in build_requests(task, examples) if request.item == first.id]
    read = task.extract(first.target) if task.kind == "generation" else ""
    taken = bool(read) and read != first.target
    return {
        "version": task.version,
        "asks": _by_prompt(_shown(asked, first), first),
        "n_options": 0 if asked[0].generate else len(asked),
        "answers": list(first.answers),
        "written": first.target if taken else "",
        "read": read if taken else "",
    }


def _shown(asked: list[Request], first: Example) -> list[Request]:
    """Return the first requests of an item, with a right one among them."""
    if any(request.index in first.gold for request in asked[:MOST]) or not first.gold:
        return asked[:MOST]
    right = next(request for request in asked if request.index in first.gold)
    return [*asked[: MOST - 1], right]


def _by_prompt(asked: list[Request], first: Example) -> list[Json]:
    """Return requests one prompt after the other, each with the options that follow it."""
    found: list[Json] = []
    before = None
    for request in asked:
        prompt = request.prompt
        if prompt != before:
            before = prompt
            whole, question = prompt.text(), prompt.question
            shots = whole[len(prompt.description) : len(whole) - len(question)]
            parts = {"description": prompt.description, "shots": shots, "question": question}
            found.append({**parts, "options": []})
        if request.continuation:
            right = request.index in first.gold
            found[-1]["options"].append([request.continuation, right])
    return found
