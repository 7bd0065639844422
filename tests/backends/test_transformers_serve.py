"""`transformers serve`, a real server that others wrote, with a proxy before it that does harm."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from backends.test_served import WEIGHTS, backend_of, requests_of
from conftest import need
from made_server import listening, spoil

from evaluator.backends.base import DeviceChoice
from evaluator.backends.causal import CausalBackend

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve the small starter model by its folder's name; yield the address."""
    need("serving", find_spec("fastapi") is not None, "pip install 'transformers[serving]'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = "from transformers.cli.transformers import main; main()"
    words = ["serve", str(WEIGHTS), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    server = subprocess.Popen([sys.executable, "-c", program, *words])
    try:
        for _ in range(240):
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


@pytest.mark.parametrize("faults", [[], ["html", "half", "fewer", "429", "cut"]])
def test_it_writes_what_the_model_writes_here_whatever_goes_wrong(
    address: str, faults: list[str]
) -> None:
    asked = requests_of("starter_generation")
    here = CausalBackend(WEIGHTS, dtype="float32", machine=DeviceChoice()).answer(asked)
    with listening(spoil(address, faults)) as url:
        backend = backend_of(url, parallel=1)
        backend._name = str(WEIGHTS)
        found = backend.answer(asked)
    assert [response.text for response in found] == [response.text for response in here]
    assert faults == []
    assert backend.tokens_fed > 0
