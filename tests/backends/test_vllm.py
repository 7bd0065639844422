"""The engine vLLM gives the numbers and texts of transformers, on real models in real vLLM.

vLLM lives in an environment of its own (`make vllm-env`), so it is asked in another process.
"""

from __future__ import annotations

import json
import pickle
import random
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from backends.conftest import save_model
from backends.test_contract import scored_requests, written_requests
from conftest import ROOT, need
from made import request, submission

from evaluator.backends import DeviceChoice, load_backend
from evaluator.backends.causal import CausalBackend
from evaluator.board.submissions import read_submission
from evaluator.core.errors import ModelError
from evaluator.core.records import Request, Response
from evaluator.measure.result import key_of

PYTHON = ROOT / "build/vllm/bin/python"
NATS = {"float32": 1e-4, "bfloat16": 0.5}
"""Most that a log-likelihood may differ from that of transformers. In bfloat16 each engine rounds
in its own places: up to 0.33 nat were seen between the two, 0.66 between transformers and its own
fp32, and 0.82 between vLLM and that."""
NATS_A_TOKEN = {"float32": 1e-4, "bfloat16": 0.15}
"""The same for each token of a continuation; 0.12 were seen in bfloat16."""
POSITIONS = 640
"""On a processor vLLM's prefix cache holds blocks of 128 tokens: several of them."""
WIDE = {
    "hidden_size": 64,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": POSITIONS,
}
"""vLLM's kernels on a processor take heads of 32 numbers and more."""
MODELS: dict[str, dict[str, Any]] = {
    "llama": WIDE,
    "gpt2": {"n_embd": 64, "n_head": 2, "n_positions": POSITIONS},
    "mistral_window": WIDE,
}


def test_without_the_library_the_way_to_get_it_is_told(
    model_folder: Callable[[str], Path],
) -> None:
    one = submission(kind="causal", policy="", folder="weights", dtype="float32", engine="vllm")
    with pytest.raises(ModelError, match=r"vllm is missing: .*\[vllm\]"):
        load_backend(one, model_folder("llama"), DeviceChoice())


def test_an_adapter_is_refused_in_a_sentence(tmp_path: Path) -> None:
    one = replace(
        submission(kind="causal", policy="", folder="weights", dtype="float32", engine="vllm"),
        adapter="adapter",
    )
    with pytest.raises(ModelError, match="vLLM is asked without adapters here: leave out `engine`"):
        load_backend(one, tmp_path, DeviceChoice(), adapter=tmp_path)


def test_the_engine_is_part_of_the_key_and_the_first_one_has_no_name_in_it() -> None:
    from evaluator.tasks import load_task

    one = submission(kind="causal", policy="", dtype="float32")
    keys = {key_of(replace(one, engine=engine), {}, load_task("starter_choice"), "0" * 64)
            for engine in ("", "vllm")}  # fmt: skip
    assert len(keys) == 2


def calls() -> list[list[Request]]:
    """Scored twice, the second time in another order and from the cache; cut prompts; texts."""
    asked = scored_requests()
    asked += [
        request(name, index=i, question="the cat sat on the mat " * many, continuation=text)
        for name, many in (("far", 40), ("too far", 200))
        for i, text in enumerate([" yes", " the cat sat on the mat and then it was no more"])
    ]
    shuffled = random.Random(1).sample(asked, len(asked))
    return [asked, shuffled, written_requests()]


def ask_vllm(folder: Path, dtype: str) -> tuple[list[tuple[list[Response], int]], dict[str, Any]]:
    """Return (responses and tokens fed of each call, what the backend tells of itself)."""
    need("vllm", PYTHON.exists(), "make vllm-env")
    done = subprocess.run(
        [PYTHON, ROOT / "tests/backends/ask_vllm.py", folder, dtype],
        input=pickle.dumps(calls()), capture_output=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    found: tuple[list[tuple[list[Response], int]], dict[str, Any]] = pickle.loads(done.stdout)
    return found


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("name", "dtype"), [*((name, "float32") for name in MODELS), ("llama", "bfloat16")]
)
def test_vllm_answers_as_transformers_do(name: str, dtype: str, tmp_path: Path) -> None:
    folder = save_model(tmp_path, name, start=name == "llama", **MODELS[name])
    told, facts = ask_vllm(folder, dtype)
    ours = CausalBackend(folder, dtype=dtype, machine=DeviceChoice())
    assert facts["parameters"] == ours.parameters and facts["vllm"]
    for requests, (responses, _) in zip(calls(), told, strict=True):
        for expected, found in zip(ours.answer(requests), responses, strict=True):
            most = min(NATS[dtype], expected.tokens * NATS_A_TOKEN[dtype])
            assert abs(found.logprob - expected.logprob) <= most
            if dtype == "float32":
                assert replace(found, logprob=0.0) == replace(expected, logprob=0.0)
    (first, fed), (second, fed_again), _ = told
    again = {(response.item, response.index): response for response in second}
    for response in first:
        assert response.dropped > 0 or response.item != "too far"
        gap = again[response.item, response.index].logprob - response.logprob
        assert abs(gap) <= NATS[dtype]
    assert fed_again < fed  # what was walked came from the prefix cache


@pytest.mark.heavy
def test_a_submission_with_this_engine_goes_from_check_to_result(
    tree: Path, tmp_path: Path
) -> None:
    need("vllm", PYTHON.exists(), "make vllm-env")
    home = tree / "starter/small"
    for path in home.glob("results/*/*/*"):
        path.unlink()
    save_model(tmp_path / "weights", "llama", **WIDE | {"max_position_embeddings": 8192})
    for path in (home / "weights").iterdir():
        path.unlink()
    for path in (tmp_path / "weights").iterdir():
        (home / "weights" / path.name).write_bytes(path.read_bytes())
    (home / "lock.json").unlink()
    form = home / "submission.yaml"
    plain = form.read_text()
    command = ["-m", "evaluator", "run", str(home), "--task", "starter_choice", "--limit", "40"]
    results = []
    for python, engine in ((ROOT / ".venv/bin/python", ""), (PYTHON, "  engine: vllm\n")):
        form.write_text(plain.replace("model:\n", f"model:\n{engine}"))
        done = subprocess.run([python, *command], cwd=tmp_path, capture_output=True, text=True,
                              env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"})  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        results.append(json.loads(Path(tmp_path, done.stdout.split()[-1]).read_text()))
    one, other = results
    assert read_submission(tree, "starter/small")[0].engine == "vllm"
    assert one["key"] != other["key"] and other["model"]["engine"] == "vllm"
    assert one["columns"]["pred"] == other["columns"]["pred"]
    assert other["run"]["environment"]["vllm"]
