"""Every task on items of its real files: rendered, sent and scored by models that know the gold.

A task whose files nobody has seen takes invented ones of the same form. A labelled task is asked an
item of each label, since a macro average over missing classes cannot reach its best, and others
up to five; any other five items spread over it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import sacrebleu
from conftest import ROOT
from invented import invented_examples
from rouge_score.rouge_scorer import RougeScorer
from sklearn import metrics as sk

from evaluator.core.files import Json
from evaluator.core.records import Example, Examples, Request, Response, Task
from evaluator.measure.data import find_bytes, parse_rows
from evaluator.measure.packs import plan_packs
from evaluator.measure.requests import build_requests
from evaluator.measure.score import score_task
from evaluator.metrics import metric_named
from evaluator.tasks import load_task, task_names

ITEMS = 5
PROGRAMS = 2
"""Items of a task that runs programs."""
KEPT = {
    "change_case:english_lowercase": "this is a plain sentence in english",
    "detectable_format:json_format": "{}",
    "detectable_format:title": "<<A title>>",
    "punctuation:no_comma": "No such mark here.",
    "startend:quotation": '"Said."',
}
"""Kind of instruction -> a text that keeps it: IFEval has no right answers to copy."""
FAR = -100.0
"""Log-likelihood of what a scripted model finds impossible, for each unit of its length."""
Answer = Callable[[Example, Request], tuple[float, str]]


@cache
def items_of(name: str) -> tuple[Task, Examples]:
    task = load_task(name)
    if not task.measurable:
        return task, invented_examples(task)
    examples = task.load(lambda pin: parse_rows(pin, find_bytes(pin)))
    if name == "ifeval":
        single = [e for e in examples.test if len(e.answers) == 1 and kind_of(e) in KEPT]
        return task, replace(examples, test=tuple(single[:ITEMS]))
    if examples.labels:
        first = {example.target: example for example in reversed(examples.test)}
        test = [first[label] for label in examples.labels if label in first]
        step = max(len(examples.test) // ITEMS, 1)
        others = [e for e in examples.test[::step] if e not in test]
        return task, replace(examples, test=(*test, *others[: max(ITEMS - len(test), 0)]))
    step = max(len(examples.test) // (PROGRAMS if task.program else ITEMS), 1)
    return task, replace(examples, test=examples.test[::step][:ITEMS])


def kind_of(example: Example) -> str:
    return str(json.loads(example.answers[0])["id"])


def respond(task: Task, examples: Examples, answer: Answer) -> list[Response]:
    """Return the responses of a scripted model, asked in packs as any other."""
    by_id = {example.id: example for example in examples.test}
    return [
        to_response(task, by_id[request.item], request, answer)
        for pack in plan_packs(build_requests(task, examples))
        for request in pack.requests
    ]


def to_response(task: Task, example: Example, request: Request, answer: Answer) -> Response:
    logprob, text = answer(example, request)
    if example.choices:
        logprob *= max(task.length(example.choices[request.index]), 1)
    return Response(
        item=request.item,
        index=request.index,
        logprob=0.0 if request.generate else logprob,
        greedy=not request.generate and logprob == 0,
        text=text if request.generate else "",
        finish="stop" if request.generate else "scored",
        tokens=1,
        dropped=0,
    )


def knows(example: Example, request: Request) -> tuple[float, str]:
    """All likelihood on what is right, or the right text."""
    right = not example.choices or request.index in example.gold
    told = KEPT[kind_of(example)] if not example.target and example.answers else example.target
    return (0.0 if right else FAR), told


def errs(example: Example, request: Request) -> tuple[float, str]:
    """All likelihood on one wrong option, the right ones last; no text at all."""
    wrong = [i for i in among(example) if i not in example.gold]
    if request.index in example.gold:
        return 2 * FAR, ""
    return (0.0 if wrong[:1] == [request.index] else FAR), ""


def among(example: Example) -> Sequence[int]:
    return example.candidates or range(len(example.choices))


def repeats(text: str) -> Answer:
    """Return a model that always takes the first option, then the second ...; or writes a text."""
    return lambda example, request: (FAR * request.index, text)


def value_of(found: dict[str, Json], name: str) -> float:
    return float(found[name]["value"])


@pytest.fixture(autouse=True)
def a_board_that_runs_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "submissions/board.yaml").read_text()
    (tmp_path / "board.yaml").write_text(text.replace("limits:\n", "limits:\n  run_code: true\n"))
    monkeypatch.setenv("EVALUATOR_SUBMISSIONS", str(tmp_path))


EVERY = pytest.mark.parametrize("name", [n for n in task_names() if n != "crows_pairs"])
"""CrowS-Pairs has no right answers; a test of its own holds it below."""


@EVERY
def test_items_of_the_real_file_are_rendered_and_sent(name: str, real_data: None) -> None:
    task, examples = items_of(name)
    asked = build_requests(task, examples)
    assert {request.item for request in asked} == {example.id for example in examples.test}
    for request in asked:
        assert request.prompt.text().strip()
        assert request.generate or request.continuation.strip()


@EVERY
def test_an_oracle_gets_the_best_of_every_metric(name: str, real_data: None) -> None:
    task, examples = items_of(name)
    scored = score_task(task, examples, respond(task, examples, knows))
    for metric in task.metrics:
        assert value_of(scored.metrics, metric.name) == pytest.approx(metric.best, abs=1e-6)
    assert scored.counts["no_answer"] == 0


@EVERY
def test_its_opposite_gets_the_worst_of_every_metric(name: str, real_data: None) -> None:
    task, examples = items_of(name)
    found = score_task(task, examples, respond(task, examples, errs)).metrics
    assert value_of(found, task.primary.name) == pytest.approx(worst_of(task, examples, ""))
    for metric in task.metrics:
        value = value_of(found, metric.name)
        if metric.name in ("mcc", "brier", "ter", "log_loss", "perplexity"):
            middle = {"mcc": 0.0, "brier": 1.0, "ter": 0.99, "log_loss": 27.0, "perplexity": 1e9}
            assert (value > middle[metric.name]) == (metric.worst > metric.best), metric.name
        else:
            assert value == pytest.approx(worst_of(task, examples, metric.name)), metric.name


def worst_of(task: Task, examples: Examples, name: str) -> float:
    """Return the declared worst; where it needs a list without end, what the last places give."""
    metric = metric_named(name or task.primary.name)
    if metric.name == "mrr":
        return float(np.mean([1 / len(among(example)) for example in examples.test]))
    if metric.name == "average_precision":  # all matches tie below everything else
        return float(np.mean([1 in example.gold for example in examples.test]))
    return metric.worst


@EVERY
def test_a_constant_answer_gets_what_the_gold_says(name: str, real_data: None) -> None:
    task, examples = items_of(name)
    text = examples.test[0].target
    found = score_task(task, examples, respond(task, examples, repeats(text))).metrics
    value = value_of(found, task.primary.name)
    if examples.labels:
        gold = [example.gold[0] for example in examples.test]
        every = list(range(len(examples.labels)))
        known = sk.f1_score(gold, [0] * len(gold), labels=every, average="macro", zero_division=0)
        known = known if task.primary.name == "macro_f1" else np.mean([g == 0 for g in gold])
    elif task.kind == "ranking":
        places = [example.gold[0] + 1 for example in examples.test]
        known = np.mean([1 / np.log2(1 + place) if place <= 10 else 0 for place in places])
    elif task.primary.name == "mc2":
        known = np.mean([0 in example.gold for example in examples.test])
    elif task.kind == "choice":
        known = np.mean([among(example)[0] in example.gold for example in examples.test])
    elif task.kind == "likelihood":
        known = 1.0
    elif task.primary.name == "exact_match":
        said = task.extract(text)
        known = np.mean([said == task.extract(e.target) != "" for e in examples.test])
    else:
        known = by_library(task, examples, text)
    assert value == pytest.approx(float(known), abs=1e-6)


def by_library(task: Task, examples: Examples, text: str) -> float:
    """Return what the library of a text's primary gives a model that always writes the same."""
    if task.primary.name == "chrf":
        references = [[example.answers[0] for example in examples.test]]
        return float(sacrebleu.corpus_chrf([text] * len(examples.test), references).score) / 100
    assert task.primary.name == "rouge_l"
    judge = RougeScorer(["rougeL"], use_stemmer=False)
    scores = [judge.score_multi(e.answers, text)["rougeL"].fmeasure for e in examples.test]
    return float(np.mean(scores))


def test_a_model_without_a_stereotype_gets_the_best_of_crows_pairs(real_data: None) -> None:
    task, examples = items_of("crows_pairs")
    for answer, share in ((errs, 0.0), (knows, 1.0)):
        found = score_task(task, examples, respond(task, examples, answer)).metrics
        assert value_of(found, "stereotype_share") == share
    assert (task.primary.best, task.primary.worst) == (0.0, 1.0)
