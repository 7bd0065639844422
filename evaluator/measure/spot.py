"""Spot checks: some items of a result measured again and laid beside what was committed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from evaluator.core.files import Json
from evaluator.core.records import Examples, Response, Task
from evaluator.measure.data import load_examples
from evaluator.measure.measurement import Measurer
from evaluator.measure.method import method_of
from evaluator.measure.packs import in_order, plan_packs
from evaluator.measure.requests import build_requests
from evaluator.measure.rescore import read_responses
from evaluator.measure.result import items_of
from evaluator.measure.run import answer_pack
from evaluator.measure.score import score_task

TOLERANCE_NATS = 1e-4
"""Two machines may differ by this much in a log-likelihood and still agree."""


def remeasure(
    measurer: Measurer, task: Task, path: Path, result: Json, at: Sequence[int]
) -> list[str]:
    """Ask a model some items of a result again; return how its answers differ, in sentences.

    Args:
        measurer: holds the model.
        task: in the version that the result was measured on.
        path: where the result stands, its responses beside it if they were kept.
        result: its content.
        at: positions of the items.

    Raises:
        DataError, ModelError, ScoreError: as the steps.
    """
    examples = load_examples(task)
    some = replace(examples, test=tuple(examples.test[i] for i in at))
    again = _answer(measurer, task, examples, {example.id for example in some.test})
    if result["responses"]["kept"]:
        told = _compare_responses(read_responses(path, result), again)
    else:
        told = _compare_columns(task, some, result, again, at)
    return list(told)


def _answer(measurer: Measurer, task: Task, examples: Examples, wanted: set[str]) -> list[Response]:
    """Answer the requests of some items, made as for the whole task: shots depend on all of it."""
    requests = build_requests(task, examples, method_of(measurer.submission, task))
    packs = plan_packs([request for request in requests if request.item in wanted])
    answered = [answer_pack(measurer.load(), pack).answered for pack in packs]
    return in_order(packs, [one.responses for one in answered])


def _compare_responses(committed: Sequence[Response], again: Sequence[Response]) -> Iterator[str]:
    by_item = {
        item: list(run) for item, run in groupby(committed, key=lambda response: response.item)
    }
    for item, run in groupby(again, key=lambda response: response.item):
        before_run, after_run = by_item.get(item, []), list(run)
        if len(before_run) != len(after_run):
            yield f"item {item}: {len(before_run)} responses were kept, {len(after_run)} are given"
            continue
        for before, after in zip(before_run, after_run, strict=True):
            apart = abs(before.logprob - after.logprob)
            if before.text != after.text:
                yield f"item {item}: {after.text[:40]!r} is written now, not {before.text[:40]!r}"
            elif apart > TOLERANCE_NATS:
                yield f"item {item}: choice {after.index} is {apart:.6f} nat away"


def _compare_columns(
    task: Task, some: Examples, result: Json, again: Sequence[Response], at: Sequence[int]
) -> Iterator[str]:
    """Compare the judgement of each item; one whose best choices nearly tie may turn."""
    committed = items_of(result).columns
    for number, example in enumerate(some.test):
        run = [response for response in again if response.item == example.id]
        scored = score_task(task, replace(some, test=(example,)), run, result["method"])
        turned = [
            name
            for name in ("correct", "pred")
            if name in committed and committed[name][at[number]] != scored.items.columns[name][0]
        ]
        if turned and not scored.counts["near_ties"]:
            yield f"item {example.id}: judged otherwise now ({', '.join(turned)})"
