"""Ask models in an engine of vLLM, in the environment that holds it; `test_vllm.py` runs this.

    build/vllm/bin/python tests/backends/ask_vllm.py FOLDER DTYPE < calls.pickle > told.pickle

Reads lists of requests, each one call of the backend. Writes the responses of each, and what the
backend tells of itself.
"""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

from evaluator.backends.base import DeviceChoice
from evaluator.backends.vllm import VllmBackend


def main() -> None:
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries print: keep the channel clean
    calls = pickle.load(sys.stdin.buffer)
    backend = VllmBackend(Path(sys.argv[1]), dtype=sys.argv[2], machine=DeviceChoice())
    facts = backend.environment() | {"parameters": backend.parameters}
    told = []
    for requests in calls:
        fed = backend.tokens_fed
        told.append((backend.answer(requests), backend.tokens_fed - fed))
    pickle.dump((told, facts), channel)


if __name__ == "__main__":
    main()
