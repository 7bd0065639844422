"""Score: shards that were handed over -> results; kept responses -> new scores. No model is there.

What comes from a runner is read as something from a stranger: plain files alone, every shard once,
every pack answered, every number finite, and the metrics computed here.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from evaluator.board import queue
from evaluator.board.queue import Pending
from evaluator.board.submissions import read_tree
from evaluator.board.tree import Tree
from evaluator.ci.github import run_address
from evaluator.ci.handed import FETCHED, latest, name_of, read_failure, shard_files
from evaluator.core.errors import EvaluatorError, RunError
from evaluator.core.files import write_atomic
from evaluator.core.records import Submission
from evaluator.measure.assignment import locked_key
from evaluator.measure.attempt import write_attempt
from evaluator.measure.collect import collect
from evaluator.measure.data import load_examples
from evaluator.measure.join import join_task
from evaluator.measure.manifest import Manifest, lock_bytes, read_lock, read_manifest
from evaluator.measure.provenance import evaluator_commit
from evaluator.measure.rescore import rescore, write_rescored
from evaluator.tasks import load_task

MOST_BYTES = 8 * 2**30
"""Most bytes that are taken of one artifact."""


def score_submission(root: Path, name: str, handed: Path, to: Path) -> list[str]:
    """Write results and attempts of a submission below `to`/<id>; return what failed, task by task.

    Args:
        root: the folder submissions/ as the plan saw it.
        name: the submission.
        handed: folder of artifacts: `<name>@lock@<attempt>/`, `<name>@<I>-of-<N>@<attempt>/`.
        to: tree that gets what will be published.
    """
    tree = read_tree(root)
    home = to / name
    shards = gather(handed, name_of(name), to.with_name(f"{to.name}-shards"))
    failed = []
    for pending in [w for w in queue.plan(tree) if w.submission == name]:
        try:
            if pending.action == "measure":
                _join(tree, pending, shards, to)
            else:
                _rescore(root, tree, pending, to)
        except EvaluatorError as error:
            failed.append(f"{pending.task}: {error}")
            key = _key(tree, pending, shards)
            submission, task = _submission(tree, pending), load_task(pending.task)
            write_attempt(home, submission, task, key, error, beside=root / name)
    return failed


def gather(handed: Path, name: str, shards: Path) -> Path:
    """Copy what was handed over for a submission into `shards` and return that folder."""
    shutil.rmtree(shards, ignore_errors=True)
    shards.mkdir(parents=True)
    for (named, part), folder in sorted(latest(handed).items()):
        if named != name:
            raise RunError(f"{folder.name!r} was handed over for {name}")
        collect(folder, shards, FETCHED if part == "lock" else shard_files(part), MOST_BYTES)
    return shards


def _join(tree: Tree, pending: Pending, shards: Path, to: Path) -> None:
    """Join the shards of one measurement, score them, and write the result."""
    submission = _submission(tree, pending)
    if (shards / "error.json").is_file():
        raise read_failure(shards / "error.json")
    folder = _folder_of(shards, submission, pending.task)
    for said in sorted(folder.glob("*/error.json")):
        raise read_failure(said)
    trust = "served" if submission.provider else "ci"
    vouched = {"trust": trust, "runner": run_address(), "evaluator": evaluator_commit()}
    board = tree.board
    manifest = _manifest(submission, shards)
    join_task(submission, manifest, folder, to, board.responses_bytes, vouched)
    write_atomic(to / submission.id / "lock.json", lock_bytes(manifest))


def _manifest(submission: Submission, shards: Path) -> Manifest:
    """Return the files of a model as the fetching job has locked them.

    Raises:
        RunError: they were never fetched.
    """
    lock = shards / "lock.json"
    if lock.is_file():
        return read_lock(lock)
    if submission.provider:
        return read_manifest(submission, shards)  # it has no files
    raise RunError("the model's files were not fetched: see the job that fetches them")


def _folder_of(shards: Path, submission: Submission, task: str) -> Path:
    """Return the one folder that holds the shards of a measurement."""
    name = re.compile(re.escape(f"{submission.id.replace('/', '--')}-{task}-") + "[0-9a-f]{12}")
    found = [path for path in shards.iterdir() if name.fullmatch(path.name)]
    if not found:
        raise RunError("no shard of it was handed over: the runner stopped or was cancelled")
    if len(found) > 1:
        raise RunError("shards of more than one measurement of this task were handed over")
    return found[0]


def _rescore(root: Path, tree: Tree, pending: Pending, to: Path) -> None:
    """Score kept responses by the present scorer and write what differs from what stands."""
    entry = next(e for e in tree.entries if e.submission.id == pending.submission)
    task = load_task(pending.task)
    for standing in entry.by_task.get(pending.task, ()):
        if standing.result["scorer"] == task.scorer or not standing.result["responses"]["kept"]:
            continue
        path = root / standing.path
        fresh, _ = rescore(path, standing.result, task, load_examples(task))
        target = to / standing.path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_rescored(target, fresh)


def _submission(tree: Tree, pending: Pending) -> Submission:
    return next(e.submission for e in tree.entries if e.submission.id == pending.submission)


def _key(tree: Tree, pending: Pending, shards: Path) -> str:
    """Return the identity of a measurement, '' if its model was never seen."""
    submission = _submission(tree, pending)
    try:
        return locked_key(submission, _manifest(submission, shards), load_task(pending.task))
    except EvaluatorError:
        return ""
