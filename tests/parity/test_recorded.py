"""What lm-evaluation-harness 0.4.13 once answered about a committed model, without running it.

A fast subset for every test run: the trained starter model on tasks of every form.
`UPDATE_GOLDEN=1 pytest -m heavy tests/parity/test_recorded.py` asks the harness anew.
"""

from __future__ import annotations

import itertools
import json
import os

import pytest
from conftest import ROOT

from evaluator.backends.base import DeviceChoice
from evaluator.backends.causal import CausalBackend
from evaluator.core.files import hash_json
from evaluator.core.records import Request
from evaluator.measure.data import load_rows
from evaluator.measure.requests import build_requests
from evaluator.tasks import load_task
from parity import harness
from parity.test_parity import NATS, answer, some

GOLDEN = ROOT / "tests/golden/parity.json"
WEIGHTS = ROOT / "submissions/starter/small/weights"
TASKS = (
    *("arc_challenge", "bbh", "boolq", "crows_pairs", "gsm8k", "lambada", "truthfulqa"),
    "winogrande",
)
ITEMS = 2

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def starter() -> CausalBackend:
    return CausalBackend(WEIGHTS, dtype="float32", machine=DeviceChoice())


def asked_of(requests: list[Request]) -> str:
    return hash_json([[request.prompt.text(), request.continuation] for request in requests])


@pytest.mark.parametrize("name", TASKS)
def test_the_starter_model_answers_what_was_recorded_of_the_harness(
    name: str, starter: CausalBackend, real_data: None
) -> None:
    task = load_task(name, "lm-eval")
    examples, _ = some(task, ITEMS)
    golden = json.loads(GOLDEN.read_bytes())[name]
    assert asked_of(build_requests(task, examples)) == golden["asked"]
    for response, (logprob, greedy, text) in zip(
        answer(task, examples, starter), golden["answers"], strict=True
    ):
        assert abs(response.logprob - logprob) <= NATS
        assert (response.greedy, response.text) == (greedy, text)


@pytest.mark.heavy
@pytest.mark.parametrize("name", TASKS)
def test_the_record_is_what_the_harness_answers(name: str, real_data: None) -> None:
    task = load_task(name, "lm-eval")
    examples, groups = some(task, ITEMS)
    model = harness.HFLM(pretrained=str(WEIGHTS), device="cpu", dtype="float32", batch_size=4)
    asked, _ = harness.ask(task, groups, load_rows, model, ITEMS)
    scores: harness.Scores = {}
    for item in itertools.chain(*asked.values()):
        scores |= item.scores
    texts = {item.prompt: item.text for item in itertools.chain(*asked.values())}
    requests = build_requests(task, examples)
    answers = [
        [0.0, True, texts[request.prompt.text()]]
        if request.generate
        else [*scores[request.prompt.text(), request.continuation], ""]
        for request in requests
    ]
    golden = json.loads(GOLDEN.read_bytes()) if GOLDEN.exists() else {}
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden[name] = {"asked": asked_of(requests), "answers": answers}
        GOLDEN.write_text(json.dumps(golden, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    assert golden[name]["asked"] == asked_of(requests)
    for (logprob, *rest), (once, *before) in zip(answers, golden[name]["answers"], strict=True):
        assert abs(logprob - once) <= NATS and rest == before
