"""Servers that others wrote, with a proxy before them that does harm."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from backends.conftest import save_model
from backends.test_served import WEIGHTS, requests_of
from backends.test_vllm import PYTHON, WIDE
from conftest import need
from made_server import listening, spoil

from evaluator.backends.base import DeviceChoice
from evaluator.backends.causal import CausalBackend
from evaluator.backends.endpoint import Endpoint
from evaluator.backends.served import ServedBackend
from evaluator.core.records import Provider

pytestmark = pytest.mark.heavy
FAULTS = ["html", "half", "fewer", "429", "cut"]


@contextmanager
def started(words: list[str]) -> Iterator[str]:
    """Run a server's command until it is healthy; yield its address; end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([*words, "--host", "127.0.0.1", "--port", str(port)])
    try:
        for _ in range(360):
            time.sleep(0.5)
            assert server.poll() is None, "the server ended"
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
                break
            except OSError:
                pass
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def transformers() -> Iterator[tuple[str, Path]]:
    """Serve the small starter model; yield the address and the folder, which is its name."""
    need("serving", find_spec("fastapi") is not None, "pip install 'transformers[serving]'")
    program = "from transformers.cli.transformers import main; main()"
    words = [sys.executable, "-c", program, "serve", str(WEIGHTS), "--device", "cpu"]
    with started(words) as url:
        yield url, WEIGHTS


@pytest.fixture(scope="module")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Serve a small random model; yield the address and the folder, which is its name."""
    need("vllm", PYTHON.exists(), "make vllm-env")
    folder = save_model(tmp_path_factory.mktemp("vllm"), "llama", **WIDE)
    words = [str(PYTHON), "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder)]
    words += ["--dtype", "float32", "--enforce-eager", "--gpu-memory-utilization", "0.2"]
    with started(words) as url:
        yield url, folder


def backend_of(url: str, folder: Path, answers: str) -> ServedBackend:
    """Return a backend for a server that names its model by the folder."""
    provider = Provider(name="here", url=url, timeout_seconds=60, parallel=1)
    return ServedBackend(provider, str(folder), answers, Endpoint(provider, first_wait=0.01))


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
