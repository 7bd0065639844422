"""The fixed workloads: what is asked, the same of both sides."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from evaluator.core.records import Example, Examples, Request
from evaluator.measure.data import load_examples
from evaluator.measure.requests import ask, build_requests
from evaluator.tasks import load_task


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Some requests under a name."""

    name: str
    """As the page shows it."""
    requests: tuple[Request, ...]
    """In order; all of one kind."""
    floor: float
    """Least that the ratio of times must be, as a share of the ratio of tokens."""
    least: float = 0.0
    """Least that the ratio of times must be."""


def _spread(examples: Examples, count: int) -> Examples:
    """Return the examples with `count` items, spread evenly."""
    every = len(examples.test) / count
    return replace(examples, test=tuple(examples.test[int(i * every)] for i in range(count)))


def mmlu() -> Workload:
    """5-shot, the first questions of the first four subjects."""
    task = load_task("mmlu")
    examples = load_examples(task)
    subjects = sorted({e.group for e in examples.test})[:4]
    kept = [
        example
        for subject in subjects
        for example in [e for e in examples.test if e.group == subject][:60]
    ]
    requests = build_requests(task, replace(examples, test=tuple(kept)))
    return Workload(name="mmlu, 5 shots, 4 subjects x 60", requests=tuple(requests), floor=0.9,
                    least=6.0)  # fmt: skip


def arc(*, drawn: bool) -> Workload:
    """25-shot, fixed shots or shots drawn anew for every item."""
    task = replace(load_task("arc_challenge"), n_shots=25)
    examples = _spread(load_examples(task), 40)
    if not drawn:
        requests = tuple(build_requests(task, examples))
        return Workload(
            name="arc_challenge, 25 fixed shots, 40 items", requests=requests, floor=0.7
        )
    rng = random.Random(1234)
    asked: list[Request] = []
    for example in examples.test:
        shots = tuple((s.question, s.target) for s in rng.sample(examples.shots, 25))
        asked += ask(task, example, task.describe(example.group), shots)
    return Workload(
        name="arc_challenge, 25 drawn shots, 40 items", requests=tuple(asked), floor=0.9
    )


def endings() -> Workload:
    """Shaped like HellaSwag: which of four long sentences goes on? Made of BoolQ's passages."""
    task = load_task("boolq")
    passages = dict.fromkeys(e.question.split("\nQuestion:")[0] for e in load_examples(task).test)
    cut = [text.replace("\n", " ").split(". ") for text in passages]
    told = [(f"{parts[0]}. {parts[1]}.", parts[2]) for parts in cut if len(parts) > 3][:200]
    rows = [
        Example(
            id=str(i),
            question=context,
            target=ending,
            choices=(ending, *(told[(i + far) % len(told)][1] for far in (50, 90, 130))),
            gold=(0,),
        )
        for i, (context, ending) in enumerate(told)
    ]
    shaped = replace(task, n_shots=10, describe=lambda group: "")
    examples = Examples(test=tuple(rows[10:50]), shots=tuple(rows[:10]))
    requests = tuple(build_requests(shaped, examples))
    return Workload(name="like hellaswag, 10 fixed shots, 40 items", requests=requests, floor=0.9)


def bbh() -> Workload:
    """3-shot, four items of each of 24 subtasks."""
    task = load_task("bbh")
    examples = load_examples(task)
    groups = dict.fromkeys(e.group for e in examples.test)
    kept = [e for group in groups for e in [e for e in examples.test if e.group == group][:4]]
    requests = build_requests(task, replace(examples, test=tuple(kept)))
    return Workload(name="bbh, 3 shots, 24 x 4 items", requests=tuple(requests), floor=0.7)


def gsm8k() -> Workload:
    """5-shot, 64 tokens written."""
    task = replace(load_task("gsm8k"), max_tokens=64)
    examples = _spread(load_examples(task), 40)
    requests = tuple(build_requests(task, examples))
    return Workload(name="gsm8k, 5 fixed shots, 40 items, 64 tokens written", requests=requests,
                    floor=0.0, least=3.0)  # fmt: skip


WORKLOADS: dict[str, Callable[[], Workload]] = {
    "mmlu": mmlu,
    "arc": lambda: arc(drawn=False),
    "arc-drawn": lambda: arc(drawn=True),
    "endings": endings,
    "bbh": bbh,
    "gsm8k": gsm8k,
}
FULL = ("mmlu", "arc_challenge", "bbh")
"""Tasks that are also run whole, by our side alone."""


def texts() -> list[str]:
    """Return distinct texts of the tasks, from which the tokenizer learns: no shot counts twice."""
    found: dict[str, None] = {}
    for name in ("mmlu", "arc_challenge", "bbh", "gsm8k", "boolq"):
        examples = load_examples(load_task(name))
        for example in (*examples.shots, *examples.test):
            found |= dict.fromkeys((example.question, example.target, *example.choices))
    return list(found)
