"""One side of the benchmark: a process of its own that answers workloads when told to.

Each line on standard input names a workload; one JSON line comes back: seconds, tokens, memory and
the answers. So both sides stay loaded, take turns, and neither's memory counts for the other.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from workloads import WORKLOADS

from evaluator.core.records import Request

BATCH = 8
"""Batch size of lm-evaluation-harness."""

Answers = list[tuple[float, bool] | str]
Side = Callable[[Sequence[Request]], Answers]


def ours(folder: Path) -> tuple[Side, Any]:
    """Return the evaluator's causal backend, through packs as in a run."""
    from evaluator.backends.base import DeviceChoice
    from evaluator.backends.causal import CausalBackend
    from evaluator.measure.packs import plan_packs

    backend = CausalBackend(folder, dtype="float32", machine=DeviceChoice())

    def answer(requests: Sequence[Request]) -> Answers:
        backend._runner.forget()  # as in a fresh run
        found = {
            (r.item, r.index): r
            for pack in plan_packs(requests)
            for r in backend.answer(pack.requests)
        }
        responses = [found[asked.item, asked.index] for asked in requests]
        return [r.text if r.finish != "scored" else (r.logprob, r.greedy) for r in responses]

    return answer, backend._runner.model


def theirs(folder: Path) -> tuple[Side, Any]:
    """Return lm-evaluation-harness's HF backend."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    model = HFLM(pretrained=str(folder), dtype="float32", batch_size=BATCH, device="cpu")

    def answer(requests: Sequence[Request]) -> Answers:
        if requests[0].generate:
            asked = [
                (r.prompt.text(), {"until": list(r.stop), "max_gen_toks": r.max_tokens,
                                   "do_sample": False})
                for r in requests
            ]  # fmt: skip
            return list(model.generate_until(_instances("generate_until", asked), True))
        pairs = [(r.prompt.text(), r.continuation) for r in requests]
        return list(model.loglikelihood(_instances("loglikelihood", pairs), True))

    def _instances(kind: str, asked: Sequence[tuple[Any, ...]]) -> list[Any]:
        return [Instance(kind, {}, args, i, ("bench", i, 1)) for i, args in enumerate(asked)]

    return answer, model.model


class Meter:
    """Counts what enters a model and what reaches its vocabulary."""

    def __init__(self, model: Any) -> None:
        self.fed = self.projected = 0
        model.get_input_embeddings().register_forward_pre_hook(self._feed)
        model.get_output_embeddings().register_forward_pre_hook(self._project)

    def _feed(self, _: Any, args: tuple[torch.Tensor, ...]) -> None:
        self.fed += args[0].numel()

    def _project(self, _: Any, args: tuple[torch.Tensor, ...]) -> None:
        self.projected += args[0].numel() // args[0].shape[-1]


def peak_memory() -> int:
    """Return the most memory held since the last `forget_peak`, in bytes (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def forget_peak() -> None:
    """Begin to look for the peak anew."""
    Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    """Answer workloads until standard input ends."""
    which, folder = sys.argv[1], Path(sys.argv[2])
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print: keep the channel clean
    torch.set_num_threads(1)
    answer, model = (ours if which == "ours" else theirs)(folder)
    meter = Meter(model)
    print("ready", file=channel, flush=True)
    for line in sys.stdin:
        requests = WORKLOADS[line.strip()]().requests
        meter.fed = meter.projected = 0
        forget_peak()
        cpu, wall = time.process_time(), time.monotonic()
        with torch.inference_mode():
            answers = answer(requests)
        told = {
            "cpu": time.process_time() - cpu,
            "wall": time.monotonic() - wall,
            "fed": meter.fed,
            "projected": meter.projected,
            "memory": peak_memory(),
            "answers": answers,
        }
        print(json.dumps(told), file=channel, flush=True)


if __name__ == "__main__":
    main()
