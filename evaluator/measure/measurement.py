"""One measurement from beginning to end: a submission and a task -> a result on disk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from evaluator.backends import Backend, DeviceChoice, load_backend
from evaluator.backends.panic import panic_in_words
from evaluator.core.errors import RunError
from evaluator.core.files import Json
from evaluator.core.records import Provider, Submission, Task
from evaluator.measure.assignment import Assignment, assign, locked_key
from evaluator.measure.handout import answer_handout, hand_out
from evaluator.measure.manifest import adapter_folder, lock_model
from evaluator.measure.packs import Pack
from evaluator.measure.provenance import cost_of, describe_machine, describe_run, now
from evaluator.measure.quantisation import must_be_listed
from evaluator.measure.run import Answers, Progress, answer_pack, keep_answers, run_packs
from evaluator.measure.settle import Measured, settle
from evaluator.measure.shards import Shard
from evaluator.measure.size import held_size, listed_size, must_fit

if TYPE_CHECKING:
    from evaluator.measure.cluster import Cluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How measurements are made on this machine, and where they go."""

    out: Path
    """Tree that results are written below."""
    work: Path
    """Folder of journals."""
    limit: int = 0
    """Items to measure, 0 for all; a limited result is partial."""
    shard: Shard | None = None
    """Answer this part of each task alone."""
    again: bool = False
    """Measure even if a result stands already."""
    trust: str = "local"
    """ci or local."""
    keep_below: int = 0
    """Largest compressed response file that is kept."""
    lock: bool = False
    """Write `lock.json` if there is none."""
    machine: DeviceChoice = field(default_factory=DeviceChoice)
    """Device and batch size."""
    provider: Provider | None = None
    """Server of a served model."""
    ray: str = ""
    """Address of a Ray cluster whose workers answer; '' for this process alone."""
    workers: int = 1
    """Workers of the cluster."""
    room: int = 0
    """Most bytes that a model may take; 0: any."""
    quantisations: tuple[str, ...] | None = None
    """Methods of quantised weights that are measured; None: all that can be read."""


class Measurer:
    """Measures one submission: the model is found and loaded once for all its tasks."""

    def __init__(self, submission: Submission, home: Path, settings: Settings) -> None:
        """Find and hash the model; one that is too large is not even fetched.

        Raises:
            ModelError: the model is missing, too large, quantised as the board does not list, or
                differs from its lock.
        """
        self.submission = submission
        self.settings = settings
        if settings.room:
            must_fit(submission, listed_size(submission), settings.room)
        self.folder, self.manifest = lock_model(submission, home, write=settings.lock)
        self.adapter = adapter_folder(submission, home)
        if settings.room:
            must_fit(submission, held_size(submission, self.folder, self.adapter), settings.room)
        must_be_listed(submission.id, self.folder, settings.quantisations)
        self._backend: Backend | None = None
        self._cluster: Cluster | None = None

    def measure(self, task: Task, progress: Progress) -> Measured:
        """Measure one task, going on where an earlier attempt stopped.

        Raises:
            TaskError: this kind of model cannot answer the task.
            DataError, ModelError, RunError, ScoreError: as the steps.
        """
        assigned = self.assign(task)
        journal = self.settings.work / assigned.name
        standing = self._standing(assigned)
        if standing and not self.settings.again:
            shutil.rmtree(journal, ignore_errors=True)  # of a process killed just after writing
            return Measured(path=standing[0], result={}, fresh=False)
        started = now()
        answers = self._run(assigned.packs, journal, progress)
        parameters = self._parameters()  # the model is loaded, and can tell of itself
        measured = settle(
            assigned,
            answers,
            parameters=parameters,
            run=self._describe(answers, started),
            out=self.settings.out,
            keep_below=self.settings.keep_below,
        )
        shutil.rmtree(journal, ignore_errors=True)  # or another process was quicker
        return measured

    def answer_shard(self, task: Task, progress: Progress) -> Path:
        """Answer the part of a task that the settings name and return its folder.

        Goes on where an attempt stopped. Nothing is scored: `merge_shards` does that once all
        shards are together.

        Raises:
            DataError, ModelError, RunError: as the steps.
        """
        shard = self.settings.shard
        assert shard is not None
        assigned = self.assign(task)
        handout = hand_out(
            assigned.name, self.submission.id, task.name, assigned.key, assigned.packs, shard
        )
        return answer_handout(handout, self.load, self.settings.work, self._describe, progress)

    def assign(self, task: Task) -> Assignment:
        """Return what the model is asked on a task under these settings."""
        return assign(self.submission, self.manifest, task, self.settings.limit)

    def key_of(self, task: Task) -> str:
        """Return the identity of a full measurement, from tasks/lock.json; '' if not locked."""
        return locked_key(self.submission, self.manifest, task)

    def load(self) -> Backend:
        """Load the model, once."""
        if self._backend is None:
            with panic_in_words():
                self._backend = load_backend(
                    self.submission,
                    self.folder,
                    self.settings.machine,
                    self.settings.provider,
                    self.adapter,
                )
        return self._backend

    def try_out(self, task: Task) -> None:
        """Answer one item of a task and forget it: what fails at its first answer fails here.

        Raises:
            ModelError: such as labels that are not those of the task.
            TaskError, DataError: as `measure`.
        """
        assigned = assign(self.submission, self.manifest, task, limit=1)
        answer_pack(self.load(), assigned.packs[0])

    def close(self) -> None:
        """Let the workers of a cluster go."""
        if self._cluster:
            self._cluster.close()

    def _run(self, packs: Sequence[Pack], folder: Path, progress: Progress) -> Answers:
        if self.settings.ray:
            return keep_answers(packs, self._join().answer, folder, progress)
        return run_packs(packs, self.load, folder, progress)

    def _join(self) -> Cluster:
        """Join the cluster, once; its library is imported only now."""
        try:
            from evaluator.measure.cluster import Cluster
        except ModuleNotFoundError:
            raise RunError("--ray needs Ray: pip install 'open-llm-leaderboard[ray]'") from None

        if self._cluster is None:
            self._cluster = Cluster(
                self.settings.ray,
                self.settings.workers,
                self.submission,
                self.folder,
                self.settings.machine,
                self.settings.provider,
                self.adapter,
            )
        return self._cluster

    def _parameters(self) -> int:
        return (self._join() if self.settings.ray else self.load()).parameters

    def _standing(self, assigned: Assignment) -> list[Path]:
        home = self.settings.out / assigned.submission.id / "results"
        return sorted((home / assigned.task.name / assigned.key[:12]).glob("????????.json"))

    def _describe(self, answers: Answers, started: str) -> Json:
        machine = describe_machine(self._cluster or self._backend)
        provider = self.settings.provider
        if provider is None:
            return describe_run(answers, started, machine, self.settings.trust)
        run = describe_run(answers, started, machine, "served")
        return run | {"cost_usd": cost_of(answers, provider)}
