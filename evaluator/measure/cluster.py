"""Workers on a Ray cluster answer the packs of a measurement, each with a model of its own.

Every worker begins with a run of packs that share beginnings (`cut_shard`), so that what it has
computed of a prompt serves the next pack too. One that has nothing left takes packs from the end of
the longest run. What a lost worker was answering goes back to its run, and the others take it over.
Answers stream into the one journal of the process that asked.
"""

from __future__ import annotations

import importlib
import logging
import os
import socket
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evaluator.backends import Backend, DeviceChoice, load_backend
from evaluator.core.errors import EvaluatorError, RunError, reason_of
from evaluator.core.files import Json
from evaluator.core.records import Provider, Submission
from evaluator.measure.packs import Pack, cut_shard
from evaluator.measure.provenance import evaluator_commit
from evaluator.measure.run import Done, answer_pack

REACH_SECONDS = 5
"""How long a cluster may take to accept a connection, and then to answer."""
SETTINGS = {
    "RAY_gcs_rpc_server_connect_timeout_s": "2",
    "RAY_py_gcs_connect_timeout_s": str(REACH_SECONDS),
    "RAY_gcs_server_port_wait_time_s": "1",  # how often it tries
}
"""Without them Ray tries for a quarter of an hour where no cluster answers: at an address that a
killed cluster has left in Ray's own record, or that another service listens at."""


def _library() -> Any:
    """Return Ray, which reads our settings when it is imported."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    return importlib.import_module("ray")


ray = _library()


class Worker:
    """One process of the cluster, with the model loaded."""

    def __init__(
        self,
        submission: Submission,
        folder: Path,
        machine: DeviceChoice,
        provider: Provider | None,
        adapter: Path | None,
    ) -> None:
        self._chosen = submission, folder, machine, provider, adapter
        self._backend: Backend | None = None

    def load(self) -> Json:
        """Load the model; return what must be the same everywhere, and who this is."""
        self._backend = load_backend(*self._chosen)
        return {
            "parameters": self._backend.parameters,
            "environment": self._backend.environment(),
            "evaluator": evaluator_commit(),
        }

    def answer(self, pack: Pack) -> Done:
        """Answer one pack."""
        assert self._backend is not None
        return answer_pack(self._backend, pack)


@dataclass(slots=True)
class _Hand:
    """A worker as the process that asks sees it."""

    actor: Any
    """Where it is."""
    packs: deque[Pack]
    """Its run of packs, those not yet handed out."""


class Cluster:
    """Some workers with the same model."""

    def __init__(
        self,
        address: str,
        workers: int,
        submission: Submission,
        folder: Path,
        machine: DeviceChoice,
        provider: Provider | None = None,
        adapter: Path | None = None,
    ) -> None:
        """Join a cluster and let every worker load the model.

        Args:
            address: as `ray.init` takes it; auto is the cluster that runs on this machine.
            workers: how many, each with one processor core, and its GPUs if the device is cuda.
            submission: the model.
            folder: its files, under the same path on every machine of the cluster.
            machine: device and batch size of each worker.
            provider: server of a served model.
            adapter: files of a LoRA that is added to the model.

        Raises:
            RunError: no cluster there, a cluster too small, or workers that run another evaluator.
            ModelError: as `load_backend`.
        """
        try:
            _reach(address)
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False,
                     ignore_reinit_error=True)  # fmt: skip
        except (OSError, ValueError, RuntimeError) as error:
            raise RunError(
                f"no Ray cluster at {address!r}: {reason_of(error)}; `ray start --head` starts one"
            ) from None
        _must_hold(workers)
        gpus = machine.gpus if machine.device == "cuda" else 0
        kind: Any = ray.remote(num_cpus=1, num_gpus=gpus)(Worker)
        self.actors: list[Any] = [
            kind.remote(submission, folder, machine, provider, adapter) for _ in range(workers)
        ]
        facts = [_get(actor.load.remote()) for actor in self.actors]
        if any(fact["evaluator"] != evaluator_commit() for fact in facts):
            raise RunError("a worker of the cluster runs another evaluator than this process does")
        self.parameters: int = facts[0]["parameters"]
        self._environment: dict[str, str] = facts[0]["environment"]

    def environment(self) -> dict[str, str]:
        """Return versions, device and threads of a worker, and how many there are."""
        return {**self._environment, "workers": str(len(self.actors))}

    def answer(self, packs: Sequence[Pack]) -> Iterator[Done]:
        """Yield the answers to packs as they come, in any order.

        Raises:
            RunError: every worker is lost.
            ModelError: as `Backend.answer`.
        """
        count = len(self.actors)
        hands = [
            _Hand(actor, deque(cut_shard(packs, index, count)))
            for index, actor in enumerate(self.actors, 1)
        ]
        alive = list(hands)
        busy: dict[Any, tuple[_Hand, Pack]] = {}
        while True:
            working = [hand for hand, _ in busy.values()]
            for hand in alive:
                if hand not in working and (pack := _next_pack(hand, hands)):
                    busy[hand.actor.answer.remote(pack)] = hand, pack
            if not busy:
                break
            ready, _ = ray.wait(list(busy))
            hand, pack = busy.pop(ready[0])
            try:
                yield _get(ready[0])
            except ray.exceptions.RayActorError:
                alive.remove(hand)
                hand.packs.appendleft(pack)
        if any(hand.packs for hand in hands):
            raise RunError("every worker of the cluster is lost; the same command goes on later")

    def close(self) -> None:
        """Let the workers go."""
        for actor in self.actors:
            ray.kill(actor)


def _reach(address: str) -> None:
    """Connect to an address and hang up: it says at once, and why, that nobody listens.

    Raises:
        OSError: nobody there within `REACH_SECONDS`.
        ValueError: no port in it.
    """
    named = os.environ.get("RAY_ADDRESS", "") if address == "auto" else address
    if not named:
        return  # Ray looks for a cluster of this machine
    parts = urlsplit(named if "://" in named else f"//{named}")
    if not parts.hostname or not parts.port:
        raise ValueError("an address is HOST:PORT, ray://HOST:PORT or auto")
    socket.create_connection((parts.hostname, parts.port), REACH_SECONDS).close()


def _must_hold(workers: int) -> None:
    """Refuse more workers than there are cores: Ray would wait for new machines without a word.

    Raises:
        RunError: says how many there are.
    """
    cores = int(ray.cluster_resources().get("CPU", 0))
    if workers > cores:
        raise RunError(
            f"{workers} workers need as many processor cores, and the cluster has {cores}: "
            "ask for fewer (--workers), or add machines"
        )


def _next_pack(hand: _Hand, hands: Sequence[_Hand]) -> Pack | None:
    """Return the next pack of a worker's own run, or else the last of the longest one."""
    if hand.packs:
        return hand.packs.popleft()
    longest = max(hands, key=lambda other: len(other.packs))
    return longest.packs.pop() if longest.packs else None


def _get(reference: Any) -> Any:
    """Return a result; a fault of ours as if it had happened here."""
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, EvaluatorError):
            raise error.cause from None
        raise
