"""Protocol lm-eval against lm-evaluation-harness 0.4.13 itself, request by request.

Both ask the same model folder about the same pinned files in one process. Every prompt must read
the same, every log-likelihood lie within 1e-4 nat, every greedy mark, every written text and every
aggregate agree. A few pairs run with every test run; `make parity` runs all.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from conftest import ROOT
from invented import invented

from evaluator.backends.base import DeviceChoice
from evaluator.backends.causal import CausalBackend
from evaluator.backends.seq2seq import Seq2SeqBackend
from evaluator.core.records import DataPin, Examples, Response, Row, Task
from evaluator.measure.data import load_rows, parse_rows
from evaluator.measure.packs import plan_packs
from evaluator.measure.requests import build_requests
from evaluator.measure.score import score_task
from evaluator.tasks import load_task, task_names
from evaluator.tasks.protocol import lm_eval_task, take_items
from parity import harness
from parity.models import FAMILIES, save_model

NATS = 1e-4
TASKS = tuple(name for name in task_names() if load_task(name).lm_eval)
MODELS = (*FAMILIES, "starter")
OFTEN = {("llama", "boolq"), ("starter", "lambada")}
"""What runs with every test run."""
ITEMS = {"mmlu": 1, "bbh": 1, "cmmlu": 1, "gsm8k": 3, "ifeval": 2}
"""Items of each task of the harness; 6 of others."""
WRITES = {name for name in TASKS if load_task(name).kind == "generation"}
APART = {("t5", name) for name in WRITES} | {(m, "ifeval") for m in MODELS if m != "llama"}
"""Pairs left out: the harness lets an encoder-decoder write as many tokens more as its prompt has;
IFEval asks for 1,280 tokens, which only one model here has room for."""
SAME = {
    "truthfulqa": {"mc2": ("truthfulqa_mc2", "acc,none"), "acc": ("truthfulqa_mc1", "acc,none")},
    "crows_pairs": {
        "stereotype_share": ("", "pct_stereotype,none"),
        "likelihood_gap": ("", "likelihood_diff,none"),
    },
    "lambada": {"greedy_match": ("", "acc,none"), "perplexity": ("", "perplexity,none")},
    "gsm8k": {"exact_match": ("", "exact_match,strict-match")},
}
"""Task -> our metric -> (its task there, its name there); the others have equal names."""

pytestmark = pytest.mark.filterwarnings("ignore")


def read_rows(pin: DataPin) -> Iterable[Row]:
    """Return the rows of a pin; where nobody has its bytes, those of an invented file."""
    return load_rows(pin) if pin.verified else parse_rows(pin, invented(pin))


@pytest.fixture(scope="session")
def model_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Any, CausalBackend]]:
    """Return (the harness's model, ours) of one folder, loaded once."""
    made: dict[tuple[str, ...], tuple[Any, CausalBackend]] = {}

    def load(
        name: str, dtype: str = "float32", chat_template: str = "none"
    ) -> tuple[Any, CausalBackend]:
        if (name, dtype, chat_template) not in made:
            folder = ROOT / "submissions/starter/small/weights"
            if name != "starter":
                folder = save_model(tmp_path_factory.mktemp(name), name, texts())
            theirs = harness.HFLM(
                pretrained=str(folder),
                device="cpu",
                dtype=dtype,
                batch_size=1 if dtype == "bfloat16" else 4,
            )
            known: Any = {"dtype": dtype, "machine": DeviceChoice()}
            if name == "t5":
                ours: Any = Seq2SeqBackend(folder, **known)
            else:
                ours = CausalBackend(folder, **known, chat_template=chat_template)
            made[name, dtype, chat_template] = theirs, ours
        return made[name, dtype, chat_template]

    return load


def texts() -> list[str]:
    passages = itertools.islice(read_rows(load_task("lambada").pins[0]), 200)
    return [row["text"] for row in passages]


def groups_of(task: Task, examples: Examples) -> list[str]:
    assert task.lm_eval is not None
    apart = "{group}" in task.lm_eval.tasks[0]
    return sorted({e.group for e in examples.test}) if apart else [""]


def answer(task: Task, examples: Examples, backend: CausalBackend) -> list[Response]:
    packs = plan_packs(build_requests(task, examples))
    return [response for pack in packs for response in backend.answer(pack.requests)]


def compare(
    task: Task, examples: Examples, ours: CausalBackend, asked: dict[str, list[Any]], nats: float
) -> tuple[list[Response], float]:
    """Hold every request and every answer to the harness's.

    Returns:
        The answers and the largest difference of a log-likelihood.
    """
    gap = 0.0
    responses = answer(task, examples, ours)
    requests = build_requests(task, examples)
    if isinstance(ours, CausalBackend):
        requests = list(ours.encoder.frame(requests))
    by_item: dict[str, list[tuple[Any, Response]]] = {}
    for request, response in zip(requests, responses, strict=True):
        by_item.setdefault(request.item, []).append((request, response))
    place: dict[str, int] = {}
    for example in examples.test:
        name = harness.named_there(lm_eval_task(task, example))
        there = asked[name][place.setdefault(name, 0)]
        place[name] += 1
        for request, response in by_item[example.id]:
            if request.generate:
                assert request.prompt.text() == there.prompt
                assert response.text == there.text
                continue
            logprob, greedy = there.scores[request.prompt.text(), request.continuation]
            gap = max(gap, abs(response.logprob - logprob))
            assert gap <= nats, (example.id, request.continuation)
            assert response.greedy == greedy
        scored = {(r.prompt.text(), r.continuation) for r, _ in by_item[example.id]}
        assert not there.scores or scored == set(there.scores)
    assert place == {name: len(asked[name]) for name in place}
    return responses, gap


def compare_metrics(task: Task, examples: Examples, responses: list[Response], theirs: Any) -> None:
    """Hold every metric that both have to the harness's mean over its tasks, by items."""
    found = score_task(task, examples, responses).metrics
    seen = int(task.name == "ifeval")  # its texts are compared; the harness's judge is downloaded
    for metric in task.metrics:
        name, there = SAME.get(task.name, {}).get(metric.name, ("", f"{metric.name},none"))
        parts = [part for key, part in theirs.items() if key == name or not name]
        if not all(there in part for part in parts):
            continue
        total = sum(part["sample_len"] for part in parts)
        mean = sum(part[there] * part["sample_len"] for part in parts) / total
        assert found[metric.name]["value"] == pytest.approx(mean, rel=1e-5, abs=1e-6), metric.name
        seen += 1
    assert seen and task.primary.name in found


def pairs() -> list[Any]:
    return [
        pytest.param(m, t, marks=[] if (m, t) in OFTEN else pytest.mark.heavy)
        for t in TASKS
        for m in MODELS
        if (m, t) not in APART
    ]


@pytest.mark.parametrize(("family", "name"), pairs())
def test_every_answer_is_the_harness_s(
    family: str,
    name: str,
    model_of: Callable[..., Any],
    real_data: None,
    record_property: Callable[[str, str], None],
) -> None:
    task = load_task(name, "lm-eval")
    limit = ITEMS.get(name, 6)
    examples = take_items(task, task.load(read_rows), limit)
    theirs, ours = model_of(family)
    groups = groups_of(task, examples)
    if family != "llama":  # all subjects with one model, some with the others
        groups = groups[:: max(1, len(groups) // 3)]
        kept = tuple(e for e in examples.test if e.group in groups or groups == [""])
        examples = replace(examples, test=kept)
    asked, results = harness.ask(task, groups, read_rows, theirs, limit)
    record_property("task", name)
    record_property("model", family)
    responses, gap = compare(task, examples, ours, asked, NATS)
    compare_metrics(task, examples, responses, results)
    record_property("gap", "equal" if task.kind == "generation" else f"{gap:.1e}")


CHAT = ("mmlu", "arc_challenge", "winogrande", "truthfulqa", "gsm8k", "lambada", "bbh")
"""Tasks of every form: with a description, with shots, many beginnings, a text, one word."""


def some(task: Task, limit: int) -> tuple[Examples, list[str]]:
    """Return the first items of some of the harness's tasks, and their groups."""
    examples = take_items(task, task.load(read_rows), limit)
    groups = groups_of(task, examples)[:2]
    kept = tuple(e for e in examples.test if e.group in groups or groups == [""])
    return replace(examples, test=kept), groups


@pytest.mark.heavy
@pytest.mark.parametrize("policy", ["own", "own-one-turn"])
@pytest.mark.parametrize("name", CHAT)
@pytest.mark.parametrize("family", ["llama", "qwen2"])
def test_a_chat_template_makes_the_harness_s_prompts(
    family: str, name: str, policy: str, model_of: Callable[..., Any], real_data: None
) -> None:
    task = load_task(name, "lm-eval")
    theirs, ours = model_of(family, chat_template=policy)
    examples, groups = some(task, 2)
    asked, results = harness.ask(
        task, groups, read_rows, theirs, 2,
        apply_chat_template=True, fewshot_as_multiturn=policy == "own",
    )  # fmt: skip
    responses, _ = compare(task, examples, ours, asked, NATS)
    compare_metrics(task, examples, responses, results)


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["mmlu", "hellaswag", "lambada", "gsm8k", "winogrande"])
@pytest.mark.parametrize("family", ["llama", "gemma2", "gpt_neox"])
def test_bfloat16_is_rounded_as_in_the_harness(
    family: str, name: str, model_of: Callable[..., Any], real_data: None
) -> None:
    """One sequence at a time, the same numbers to the last digit."""
    task = load_task(name, "lm-eval")
    theirs, ours = model_of(family, dtype="bfloat16")
    examples, groups = some(task, 2)
    asked, results = harness.ask(task, groups, read_rows, theirs, 2)
    responses, gap = compare(task, examples, ours, asked, 0.0)
    assert gap == 0
    compare_metrics(task, examples, responses, results)
