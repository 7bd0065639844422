"""Protocols: how requests are made of a task.

| | `board` | `lm-eval` (as lm-evaluation-harness 0.4.13) |
|---|---|---|
| shots | the same for all items | drawn anew for each, where the harness does |
| limited to N | N items, spread evenly | the first N of each of its tasks |
| ties | settled by lot | settled by position |
| log-probabilities | in fp32 | in the model's own number format |

A prompt reads the same in both. The protocol stands in every request and so in the hash of the
request set: results of the two never answer the same question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from random import Random

from evaluator.core.errors import TaskError
from evaluator.core.records import DataPin, Example, Examples, Row, Task

PROTOCOLS = ("board", "lm-eval")
"""Names of all protocols."""
SHOTS_SEED = 1234
"""What lm-evaluation-harness seeds the draw of each of its tasks with."""


def as_lm_eval(task: Task) -> Task:
    """Return the task as lm-evaluation-harness 0.4.13 asks it.

    Raises:
        TaskError: the harness has no such task with this prompt.
    """
    if task.lm_eval is None:
        raise TaskError(
            f"{task.name}: lm-evaluation-harness has no task that asks the same; "
            "`evaluator tasks list --protocol lm-eval` names those it has"
        )
    load = partial(_load_settled, task.lm_eval.load or task.load, task.lm_eval.ties)
    stop = task.stop if task.lm_eval.stop is None else task.lm_eval.stop
    return replace(task, protocol="lm-eval", load=load, stop=stop)


def _load_settled(
    load: Callable[[Callable[[DataPin], Iterable[Row]]], Examples],
    ties: str,
    read: Callable[[DataPin], Iterable[Row]],
) -> Examples:
    examples = load(read)
    return replace(examples, test=tuple(replace(e, ties=ties) for e in examples.test))


def draw_shots(task: Task, examples: Examples) -> Iterator[tuple[Example, ...]]:
    """Yield the shots of each item in turn, drawn from one stream as the harness does.

    An item's shots depend on how many items come before it, so a part of a task must begin at its
    first item. (lm-evaluation-harness 0.4.13, `ContextSampler.sample`.)
    """
    assert task.lm_eval is not None
    stream = Random(SHOTS_SEED)
    for _ in examples.test:
        yield tuple(stream.sample(examples.shots, task.lm_eval.drawn)[: task.n_shots])


def take_items(task: Task, examples: Examples, limit: int) -> Examples:
    """Return a part of a task: `limit` items spread evenly, or the first of each task of lm-eval's.

    All items if there are no more.
    """
    if task.protocol == "lm-eval":
        taken: dict[str, list[Example]] = {}
        for example in examples.test:
            taken.setdefault(lm_eval_task(task, example), []).append(example)
        kept = tuple(e for part in taken.values() for e in part[:limit])
    else:
        n = len(examples.test)
        count = min(limit, n)
        kept = tuple(examples.test[i * n // count] for i in range(count))
    return replace(examples, test=kept)


def lm_eval_task(task: Task, example: Example) -> str:
    """Return the name of the harness's task that asks an item."""
    assert task.lm_eval is not None
    return task.lm_eval.tasks[0].replace("{group}", example.group)
