"""Judge: one item and its responses -> what the item columns say of it."""

from __future__ import annotations

import numpy as np

from evaluator.core.records import Example, Response, Task
from evaluator.measure.execute import passes
from evaluator.measure.method import parse_choice
from evaluator.metrics.choice import candidates, pick_by_length, probabilities, rank_of_gold

NEAR_TIE_NATS = 1e-4
"""Best two choices closer than this may swap on another machine."""


def judge(
    task: Task, example: Example, run: tuple[Response, ...], method: str, counts: dict[str, int]
) -> dict[str, float]:
    """Return column -> value of an item, and count what happened on the way.

    Args:
        task: the task.
        example: the item.
        run: its responses, in the order of its choices.
        method: how the model answered.
        counts: ties, near ties, texts without an answer; added to.
    """
    judged = JUDGES.get("parsed" if method == "parsed" else task.kind, _judge_choice)
    told = {"changed": float(example.changed), "place": float(example.place)}
    return judged(task, example, run, counts) | told


def _judge_choice(
    task: Task, example: Example, run: tuple[Response, ...], counts: dict[str, int]
) -> dict[str, float]:
    pred, tied = pick_by_length(example, run, task.length)
    counts["ties"] += tied
    among = example.candidates or range(len(run))
    best = sorted(run[i].logprob / max(task.length(example.choices[i]), 1) for i in among)[-2:]
    counts["near_ties"] += len(best) == 2 and best[1] - best[0] < NEAR_TIE_NATS
    p = probabilities(run)
    return {
        "correct": float(pred in example.gold),
        "pred": float(pred),
        "gold": float(example.gold[0]),
        "value": float(np.float32(p[1])) if task.kind == "matching" else 0.0,
        "p_gold": float(p[list(example.gold)].sum()),
        "rank": float(rank_of_gold(example, run, task.length)),
    }


def _judge_parsed(
    task: Task, example: Example, run: tuple[Response, ...], counts: dict[str, int]
) -> dict[str, float]:
    """Read a written text as one of the choices; what names none is wrong."""
    among = candidates(example)
    named = parse_choice(run[0].text, [example.choices[i] for i in among])
    pred = among[named] if named >= 0 else -1
    counts["no_answer"] += pred < 0
    correct = float(pred in example.gold)
    return {
        "correct": correct,
        "pred": float(pred),
        "gold": float(example.gold[0]),
        "value": float(pred == 1),
        "p_gold": correct,
    }


def _judge_text(
    task: Task, example: Example, run: tuple[Response, ...], counts: dict[str, int]
) -> dict[str, float]:
    answer = task.extract(run[0].text)
    counts["no_answer"] += not answer
    return {"correct": float(bool(answer) and is_right(task, example, answer))}


def _judge_likelihood(
    task: Task, example: Example, run: tuple[Response, ...], counts: dict[str, int]
) -> dict[str, float]:
    return {"correct": float(run[0].greedy), "value": float(np.float32(run[0].logprob))}


def is_right(task: Task, example: Example, answer: str) -> bool:
    """Tell whether an extracted answer is right: by the task's rule, or by running it."""
    if task.program:
        return passes(task.program(example, answer))
    return task.is_right(answer, example.answers)


JUDGES = {
    "generation": _judge_text,
    "likelihood": _judge_likelihood,
    "parsed": _judge_parsed,
}
"""Kind, or the method `parsed` -> how an item is judged; the other kinds pick among choices."""
