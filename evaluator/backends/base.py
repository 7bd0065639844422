"""The contract of every backend.

    backend = load_backend(submission, folder, machine)
    responses = backend.answer(pack.requests)      # one response a request, in the same order

What a response says depends on its request alone: not on the other requests of the call, their
order or the batch size, beyond 1e-4 nat. `tests/backends/test_contract.py` holds every backend to
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from evaluator.core.records import Request, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChoice:
    """Facts of the machine that never change a number beyond rounding."""

    device: str = "cpu"
    """cpu or cuda."""
    batch_tokens: int = 16_384
    """Most tokens (rows x longest row) that enter the model at once."""
    gpus: int = 1
    """GPUs that one model is spread over; more than one needs the engine vllm."""


class Backend(Protocol):
    """A loaded model."""

    method: str
    """How choices are answered: loglikelihood, pseudo-loglikelihood (a masked language model) or
    head (a classifier's probabilities of labels)."""

    @property
    def parameters(self) -> int:
        """Number of parameters; 0 if there are none."""

    @property
    def tokens_fed(self) -> int:
        """Tokens that have entered the model so far."""

    @property
    def tokens_saved(self) -> int:
        """Tokens that one pass a request would have fed besides; 0 where nothing is shared."""

    def answer(self, requests: Sequence[Request]) -> list[Response]:
        """Answer requests, all of one kind (all generate or none), in order.

        Raises:
            ModelError: this kind of model cannot answer what is asked, it does not fit into what
                the model takes, or the model answers with something that is no number.
        """

    def environment(self) -> dict[str, str]:
        """Return versions and devices for the record of the run."""
