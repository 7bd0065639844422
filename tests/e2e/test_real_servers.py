"""Servers that others wrote, with a proxy before them that does harm: their answers, and the way
of a served model from its submission to its line beside the ranking.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from backends.conftest import save_model
from backends.test_served import WEIGHTS, requests_of
from backends.test_vllm import PYTHON, WIDE
from conftest import need
from made_kinds import add_provider, evaluator, holders, measure, row_of, submit
from made_server import listening, spoil

from evaluator.backends.base import DeviceChoice
from evaluator.backends.causal import CausalBackend
from evaluator.backends.endpoint import Endpoint
from evaluator.backends.served import ServedBackend
from evaluator.core.files import Json
from evaluator.core.records import Provider

pytestmark = pytest.mark.heavy
FAULTS = ["html", "half", "fewer", "429", "cut"]
KEY = "sk-never-to-be-seen-9876543210"


@contextmanager
def started(words: list[str], cwd: Path | None = None) -> Iterator[str]:
    """Run a server's command until it is healthy; yield its address; end it and what it started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [*words, "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(words, cwd=cwd, start_new_session=True)
    try:
        await_health(server, f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def await_health(server: subprocess.Popen[bytes], url: str) -> None:
    """Wait until a server is healthy; a busy machine may take minutes to load its libraries."""
    deadline = time.monotonic() + 900
    while time.monotonic() < deadline:
        time.sleep(0.5)
        assert server.poll() is None, "the server ended"
        with suppress(OSError):
            urllib.request.urlopen(url, timeout=1)
            return
    pytest.fail("the server did not get healthy within a quarter of an hour")


@pytest.fixture(scope="module")
def transformers() -> Iterator[tuple[str, Path]]:
    """Serve the small starter model; yield the address and the folder, whose name is its name."""
    need("serving", find_spec("fastapi") is not None, "pip install 'transformers[serving]'")
    program = "from transformers.cli.transformers import main; main()"
    words = [sys.executable, "-c", program, "serve", WEIGHTS.name, "--device", "cpu"]
    with started(words, WEIGHTS.parent) as url:
        yield url, WEIGHTS


@pytest.fixture(scope="module")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Serve a small random model; yield the address and the folder, whose name is its name."""
    need("vllm", PYTHON.exists(), "make vllm-env")
    folder = save_model(
        tmp_path_factory.mktemp("vllm"), "llama", **WIDE | {"max_position_embeddings": 2048}
    )
    words = [str(PYTHON), "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder)]
    words += ["--dtype", "float32", "--enforce-eager", "--gpu-memory-utilization", "0.2"]
    words += ["--api-key", KEY, "--served-model-name", folder.name]
    with started(words) as url:
        yield url, folder


def backend_of(url: str, folder: Path, answers: str) -> ServedBackend:
    """Return a backend for a server that names its model by the folder."""
    provider = Provider(
        name="here", url=url, timeout_seconds=60, parallel=1, key_variable="HERE_KEY"
    )
    return ServedBackend(provider, folder.name, answers, Endpoint(provider, first_wait=0.01))


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERE_KEY", KEY)


@pytest.mark.parametrize("faults", [[], FAULTS], ids=["well", "ill"])
@pytest.mark.parametrize("server", ["transformers", "vllm"])
def test_it_writes_what_the_model_writes_here_whatever_goes_wrong(
    server: str, faults: list[str], request: pytest.FixtureRequest
) -> None:
    address, folder = request.getfixturevalue(server)
    asked = requests_of("starter_generation")
    here = CausalBackend(folder, dtype="float32", machine=DeviceChoice()).answer(asked)
    left = list(faults)
    with listening(spoil(address, left)) as url:
        backend = backend_of(url, folder, "text")
        found = backend.answer(asked)
    assert [response.text for response in found] == [response.text for response in here]
    assert left == []
    assert backend.tokens_fed > 0


def test_an_echo_of_vllm_scores_what_the_model_scores_here(vllm: tuple[str, Path]) -> None:
    address, folder = vllm
    asked = requests_of("starter_choice")
    here = CausalBackend(folder, dtype="float32", machine=DeviceChoice()).answer(asked)
    left = list(FAULTS)
    with listening(spoil(address, left)) as url:
        found = backend_of(url, folder, "logprobs").answer(asked)
    assert left == []
    for ours, theirs in zip(found, here, strict=True):
        assert (ours.item, ours.index, ours.greedy) == (theirs.item, theirs.index, theirs.greedy)
        assert ours.logprob == pytest.approx(theirs.logprob, abs=1e-4)
        assert ours.tokens == theirs.tokens


def measure_served(little: Path, server: tuple[str, Path], answers: str) -> tuple[Path, Json]:
    """Submit, check and run the model of a server that goes wrong; return its folder and result."""
    left = [*FAULTS, "slow", "503"]
    address, folder = server
    with listening(spoil(address, left)) as url:
        add_provider(little, "here", url=url, key_variable="HERE_KEY", timeout_seconds=1.5,
                     input_price=0.5, output_price=1, parallel=2, tries=9)  # fmt: skip
        more = ("--provider", "here", "--answers", answers)
        home = submit(little, "served", folder.name, "served", *more)
        found = measure(home)
    assert left == []
    return home, found


@pytest.mark.parametrize(("server", "answers"), [("transformers", "text"), ("vllm", "logprobs")])
def test_it_goes_from_its_submission_to_its_line_beside_the_ranking(
    server: str, answers: str, little: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = request.getfixturevalue(server)
    home, found = measure_served(little, place, answers)
    run = found["run"]
    assert (run["trust"], found["n"]) == ("served", 200)
    assert found["method"] == {"text": "parsed", "logprobs": "loglikelihood"}[answers]
    assert int(run["environment"]["retries"]) >= len(FAULTS)
    assert run["cost_usd"] > 0 and run["tokens"] > 0
    row = row_of(little, home)
    assert (row["best_rank"], row["trust"], row["index"] is None) == (None, "served", False)
    assert "served" in evaluator("rank", "--tree", little)
    assert holders(tmp_path, KEY) == []
    if answers == "logprobs":  # what it is served as and what it is here get the same numbers
        here = measure(submit(little, "here", place[1], "causal"))
        assert here["metrics"]["f1"]["value"] == pytest.approx(
            found["metrics"]["f1"]["value"], abs=0.01
        )
