"""Every task on items of its real files: rendered, sent and scored by models that know the gold.

A task whose files nobody has seen takes invented ones of the same form. A labelled task is asked an
item of each label, since a macro average over missing classes cannot reach its best, and others
up to five; any other five items spread over it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import sacrebleu
from conftest import ROOT
from invented import invented_examples
from made_instructions import KEPT_BROKEN
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.ter import TER
from sklearn import metrics as sk

from evaluator.core.files import Json
from evaluator.core.records import Example, Examples, Metric, Request, Response, Task
from evaluator.measure.data import find_bytes, parse_rows
from evaluator.measure.packs import plan_packs
from evaluator.measure.requests import build_requests
from evaluator.measure.score import score_task
from evaluator.metrics.instructions import CHECKS
from evaluator.tasks import load_task, task_names

ITEMS = 5
WRONG = "§"
"""A text that is no right answer and shares no character with one."""
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
        asked = [example for example in examples.test if example.id in KEPT_BROKEN]
        return task, replace(examples, test=tuple(asked))
    if examples.labels:
        first = {example.target: example for example in reversed(examples.test)}
        test = [first[label] for label in examples.labels if label in first]
        step = max(len(examples.test) // ITEMS, 1)
        others = [e for e in examples.test[::step] if e not in test]
        return task, replace(examples, test=(*test, *others[: max(ITEMS - len(test), 0)]))
    step = max(len(examples.test) // ITEMS, 1)
    return task, replace(examples, test=examples.test[::step][:ITEMS])


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
    kept, _ = KEPT_BROKEN.get(example.id, (example.target, ""))
    return (0.0 if right else FAR), example.target or kept


def errs(example: Example, request: Request) -> tuple[float, str]:
    """All likelihood on the first wrong option, the right ones last; or a wrong text."""
    _, broken = KEPT_BROKEN.get(example.id, ("", WRONG))
    if request.index in example.gold:
        return 2 * FAR, broken
    return (0.0 if wrong_of(example)[:1] == [request.index] else FAR), broken


def wrong_of(example: Example) -> list[int]:
    return [i for i in among(example) if i not in example.gold]


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
    for metric in task.metrics:
        worst = worst_of(metric, examples.test)
        assert value_of(found, metric.name) == pytest.approx(worst, rel=1e-6, abs=1e-9), metric.name


def worst_of(metric: Metric, asked: Sequence[Example]) -> float:
    """Return the declared worst; where items of this gold cannot reach it, what `errs` gets.

    Each of those is the definition, written for the model that errs: nothing right is ever taken
    for likely, the first wrong option always is.
    """
    at_all = UNREACHED.get(metric.name)
    return at_all(asked) if at_all else metric.worst


def correlation(asked: Sequence[Example]) -> float:
    """Two classes that are swapped correlate by -1; of more, no two lists of labels do."""
    gold, pred = ([e.gold[0] for e in asked], [wrong_of(e)[0] for e in asked])
    known = float(sk.matthews_corrcoef(gold, pred))
    assert len({*gold, *pred}) > 2 or known == pytest.approx(-1.0)
    return known


UNREACHED: dict[str, Callable[[Sequence[Example]], float]] = {
    "mcc": correlation,
    # the last place of a list that ends
    "mrr": lambda asked: float(np.mean([1 / len(among(e)) for e in asked])),
    # all matches tie below everything else
    "average_precision": lambda asked: float(np.mean([1 in e.gold for e in asked])),
    # 1 for the wrong option and the square of each right one's share; 2 where one is right
    "brier": lambda asked: float(np.mean([1 + 1 / len(e.gold) for e in asked])),
    # without an upper end but for its clip
    "log_loss": lambda asked: -math.log(1e-12),
    # without an upper end: each item has the likelihood that `errs` gives what it thinks wrong
    "perplexity": lambda asked: math.exp(-FAR),
    # without an upper end: here one word in place of one, all others missing
    "ter": lambda asked: 1.0,
}
"""Metric -> (items) -> value of the model that errs, where the declared worst is out of reach."""


@pytest.mark.parametrize("name", ["ntrex_en_zh", "ntrex_zh_en"])
@pytest.mark.parametrize("words", [1, 10, 1000])
def test_the_edit_rate_has_no_upper_end(name: str, words: int, real_data: None) -> None:
    """Of m wrong words for r right ones, the smaller number is replaced, and the rest added."""
    task, examples = items_of(name)
    text = " ".join([WRONG] * words)
    value = value_of(
        score_task(task, examples, respond(task, examples, repeats(text))).metrics, "ter"
    )
    right = [length_of(example.target) for example in examples.test]
    assert value == pytest.approx(sum(max(words, r) for r in right) / sum(right))


def length_of(text: str) -> int:
    """Return the words of a reference, as sacreBLEU counts them for TER."""
    return int(TER(asian_support=True).sentence_score("", [text]).ref_length)


def test_every_kind_of_instruction_is_among_the_items(real_data: None) -> None:
    _, examples = items_of("ifeval")
    asked = [json.loads(told)["id"] for example in examples.test for told in example.answers]
    assert sorted(asked) == sorted(CHECKS)
    assert len(asked) == len(examples.test) == 25


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
    """It finds the other sentence likelier: its gap is what separates the two, either way."""
    task, examples = items_of("crows_pairs")
    for answer, share, apart in ((errs, 0.0, 2 * FAR), (knows, 1.0, FAR)):
        found = score_task(task, examples, respond(task, examples, answer)).metrics
        assert value_of(found, "stereotype_share") == share
        assert value_of(found, "likelihood_gap") == -apart
    assert (task.primary.best, task.primary.worst) == (0.0, 1.0)
