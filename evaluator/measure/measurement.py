"""One measurement from beginning to end: a submission and a task -> a result on disk."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from evaluator.backends import Backend, DeviceChoice, load_backend
from evaluator.core.errors import TaskError
from evaluator.core.files import Json
from evaluator.core.records import Submission, Task
from evaluator.measure.data import load_examples
from evaluator.measure.manifest import lock_model
from evaluator.measure.method import method_of, why_unfit
from evaluator.measure.packs import plan_packs
from evaluator.measure.provenance import describe_machine, describe_run, now
from evaluator.measure.requests import build_requests, describe_requests, spread_items
from evaluator.measure.result import build_result, key_of, result_path, write_result
from evaluator.measure.run import Progress, response_lines, run_packs
from evaluator.measure.score import score_task
from evaluator.tasks import locked_request_set


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How measurements are made on this machine, and where they go."""

    out: Path
    """Tree that results are written below."""
    work: Path
    """Folder of journals."""
    limit: int = 0
    """Items to measure, 0 for all; a limited result is partial."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A measurement that stands on disk."""

    path: Path
    """The result."""
    result: Json
    """Its content; {} if it stood there before."""
    fresh: bool
    """False: nothing was measured, since a result stood there already."""


class Measurer:
    """Measures one submission: the model is found and loaded once for all its tasks."""

    def __init__(self, submission: Submission, home: Path, settings: Settings) -> None:
        """Find and hash the model.

        Raises:
            ModelError: the model is missing or differs from its lock.
        """
        self.submission = submission
        self.settings = settings
        self.folder, self.manifest = lock_model(submission, home, write=settings.lock)
        self._backend: Backend | None = None

    def measure(self, task: Task, progress: Progress) -> Measured:
        """Measure one task, going on where an earlier attempt stopped.

        Raises:
            TaskError: this kind of model cannot answer the task.
            DataError, ModelError, RunError, ScoreError: as the steps.
        """
        examples = load_examples(task)
        total = len(examples.test)
        if self.settings.limit:
            examples = spread_items(examples, self.settings.limit)
        method = method_of(self.submission.kind, task)
        if unfit := why_unfit(task, method):
            raise TaskError(f"{task.name}: {unfit}")
        requests = build_requests(task, examples, method)
        request_set = describe_requests(task, examples, requests)
        key = key_of(self.submission, self.manifest, task, request_set.sha256)
        folder = f"{self.submission.id.replace('/', '--')}-{task.name}-{key[:12]}"
        journal = self.settings.work / folder
        place = self.settings.out / self.submission.id / "results" / task.name / key[:12]
        standing = sorted(place.glob("????????.json"))
        if standing and not self.settings.again:
            shutil.rmtree(journal, ignore_errors=True)  # of a process killed just after writing
            return Measured(path=standing[0], result={}, fresh=False)

        packs = plan_packs(requests)
        started = now()
        answers = run_packs(packs, self.load, journal, progress)
        lines = response_lines(answers.responses)
        result = build_result(
            submission=self.submission,
            manifest=self.manifest,
            parameters=self.load().parameters,
            task=task,
            request_set=request_set,
            lines=lines,
            scored=score_task(task, examples, answers.responses, method),
            run=describe_run(
                answers, started, describe_machine(self._backend), self.settings.trust
            ),
        )
        if len(examples.test) < total:
            result["partial"] = {"limit": len(examples.test), "of": total}
        path = result_path(self.settings.out, result)
        if not path.exists():  # the same bytes again are no second measurement
            write_result(self.settings.out, result, lines, self.settings.keep_below)
        shutil.rmtree(journal)
        return Measured(path=path, result=result, fresh=True)

    def key_of(self, task: Task) -> str:
        """Return the identity of a full measurement, from tasks/lock.json; '' if not locked."""
        locked = locked_request_set(task.name, method_of(self.submission.kind, task))
        return key_of(self.submission, self.manifest, task, locked.sha256) if locked else ""

    def load(self) -> Backend:
        """Load the model, once."""
        if self._backend is None:
            self._backend = load_backend(self.submission, self.folder, self.settings.machine)
        return self._backend
