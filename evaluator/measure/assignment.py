"""What one model is asked on one task, and the identity of the measurement; no model is needed."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.core.errors import TaskError
from evaluator.core.records import Examples, RequestSet, Submission, Task
from evaluator.measure.data import load_examples
from evaluator.measure.execute import refuse_code
from evaluator.measure.manifest import Manifest
from evaluator.measure.method import method_of, why_unfit
from evaluator.measure.packs import Pack, plan_packs
from evaluator.measure.requests import build_requests, describe_requests
from evaluator.measure.result import key_of
from evaluator.tasks import locked_request_set
from evaluator.tasks.protocol import take_items


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What one model is asked on one task: a pure function of both."""

    submission: Submission
    """The model."""
    manifest: Manifest
    """Its files."""
    task: Task
    """The task."""
    method: str
    """How the model answers it."""
    examples: Examples
    """The items asked."""
    request_set: RequestSet
    """Identity of all that is sent."""
    packs: tuple[Pack, ...]
    """All requests, cut into packs."""
    key: str
    """Identity of the measurement."""
    of: int
    """Items of the whole task; more than are asked if the measurement is partial."""

    @property
    def name(self) -> str:
        """Return a name for its files while it is under way."""
        return f"{self.submission.id.replace('/', '--')}-{self.task.name}-{self.key[:12]}"


def assign(submission: Submission, manifest: Manifest, task: Task, limit: int = 0) -> Assignment:
    """Return what a model is asked on a task; `limit` items of it, 0 for all.

    Raises:
        TaskError: this kind of model cannot answer the task, or the board does not allow it.
        DataError: a pinned file is missing or broken.
    """
    refuse_code(task)
    method = method_of(submission, task)
    if unfit := why_unfit(submission, task):
        raise TaskError(f"{task.name}: {unfit}")
    examples = load_examples(task)
    of = len(examples.test)
    if limit:
        examples = take_items(task, examples, limit)
    requests = build_requests(task, examples, method)
    request_set = describe_requests(task, examples, requests)
    return Assignment(
        submission=submission,
        manifest=manifest,
        task=task,
        method=method,
        examples=examples,
        request_set=request_set,
        packs=tuple(plan_packs(requests)),
        key=key_of(submission, manifest, task, request_set.sha256),
        of=of,
    )


def locked_key(submission: Submission, manifest: Manifest, task: Task) -> str:
    """Return the identity of a full measurement, from tasks/lock.json; '' if not locked."""
    locked = locked_request_set(task.name, method_of(submission, task))
    return key_of(submission, manifest, task, locked.sha256) if locked else ""
