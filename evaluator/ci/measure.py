"""Measure: a shard of a submission, its model loaded in a sandbox.

Outside stand the test data and the job's token; inside there are questions, the model's files and
nothing else. What comes out is copied as plain files and read by another job.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import evaluator
from evaluator.backends import DeviceChoice, load_backend
from evaluator.board import queue
from evaluator.board.submissions import read_submission, read_tree
from evaluator.ci.handed import read_failure, shard_files, write_failure
from evaluator.core.errors import EvaluatorError, ModelError, OutOfTimeError, RunError
from evaluator.core.files import Json
from evaluator.core.records import Submission
from evaluator.measure.assignment import assign
from evaluator.measure.collect import collect
from evaluator.measure.handout import ENDING, answer_handout, hand_out, read_handout, write_handout
from evaluator.measure.manifest import (
    adapter_folder,
    differing_files,
    model_folder,
    read_lock,
    read_manifest,
)
from evaluator.measure.provenance import describe_machine, describe_run
from evaluator.measure.run import Answers
from evaluator.measure.sandbox import OUT, Ending, Limits, python_folders, run_in_sandbox
from evaluator.measure.shards import Shard
from evaluator.tasks import load_task

MOST_BYTES = 4 * 2**30
"""Most bytes that a sandbox may hand out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """How a shard is run on this machine."""

    device: DeviceChoice
    """cpu or cuda, and the batch size."""
    limits: Limits
    """What the sandbox may use."""
    image: str = ""
    """Container image by digest; '' takes bubblewrap."""


def tasks_to_measure(root: Path, name: str) -> list[str]:
    """Return the tasks that a submission is still to be measured on, as the plan says."""
    work = queue.plan(read_tree(root))
    return [w.task for w in work if w.submission == name and w.action == "measure"]


def measure_shard(
    root: Path,
    name: str,
    tasks: Sequence[str],
    shard: Shard,
    machine: Machine,
    fetched: Path,
    to: Path,
) -> list[str]:
    """Answer a shard of every task in a sandbox; return what went wrong, a sentence a task.

    Args:
        root: the folder submissions/.
        name: the submission.
        tasks: names of the tasks.
        shard: which part of each.
        machine: device and limits.
        fetched: folder with the lock.json of the fetching job.
        to: folder that the shards are collected in.

    Raises:
        DataError, ModelError, TaskError: nothing can be asked at all.
        RunError: the sandbox handed out what it must not, or no sandbox is installed.
    """
    root = root.resolve()  # the sandbox works in a folder of its own
    part = f"{shard.index}-of-{shard.count}"
    submission, _ = read_submission(root, name)
    folder = model_folder(submission, root / name)
    adapter = adapter_folder(submission, root / name)
    manifest = read_manifest(submission, folder, adapter)
    if differing := differing_files(read_lock(fetched / "lock.json"), manifest):
        raise ModelError(f"{name}: {', '.join(differing)} are not what was fetched")
    with tempfile.TemporaryDirectory(dir=_scratch()) as scratch:
        asked, out = Path(scratch) / "asked", Path(scratch) / "out"
        asked.mkdir()
        names = []
        for task in tasks:
            assigned = assign(submission, manifest, load_task(task))
            handout = hand_out(assigned.name, name, task, assigned.key, assigned.packs, shard)
            write_handout(handout, asked)
            names.append(handout.name)
        _open_up(Path(scratch))
        code = Path(evaluator.__file__).parents[1]
        needed = [path for path in python_folders() if path != code]  # not the whole checkout
        ending = run_in_sandbox(
            _command(root, name, asked, folder, adapter, machine.device),
            readable=[*needed, code / "evaluator", root, asked, *_files(folder, adapter)],
            out=out,
            environment=_environment(code),
            limits=machine.limits,
            image=machine.image,
        )
        collect(out, to, shard_files(part), MOST_BYTES)
    told = [_what_happened(to / name / part, ending, machine.limits) for name in names]
    return [f"{task}: {reason}" for task, reason in zip(tasks, told, strict=True) if reason]


def _scratch() -> str | None:
    return os.environ.get("RUNNER_TEMP") or None


def _open_up(folder: Path) -> None:
    """Let the sandbox's own user read what was prepared for it."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _files(*folders: Path | None) -> list[Path]:
    """Return folders and where links in them lead: the hub's cache keeps files as links."""
    there = [folder for folder in folders if folder]
    links = [path for folder in there for path in folder.iterdir() if path.is_symlink()]
    return sorted({*there, *(path.resolve().parent for path in links)})


def _command(
    root: Path, name: str, asked: Path, model: Path, adapter: Path | None, device: DeviceChoice
) -> list[str]:
    options = ["--device", device.device, "--batch-tokens", str(device.batch_tokens)]
    options += ["--adapter", str(adapter)] if adapter else []
    return [sys.executable, "-P", "-m", "evaluator", "ci", "answer", name, str(asked), str(model),
            "--tree", str(root), "--to", str(OUT), *options]  # fmt: skip


def _environment(code: Path) -> dict[str, str]:
    """Return all that the sandboxed process sees: no token is in it, and no name of this host."""
    threads = {n: os.environ[n] for n in ("OMP_NUM_THREADS",) if n in os.environ}
    return {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "PYTHONPATH": str(code),
            "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1",
            **threads}  # fmt: skip


def _what_happened(folder: Path, ending: Ending, limits: Limits) -> str:
    """Return why a shard is not whole, and leave the reason beside it; '' if it is."""
    if (folder / "shard.json").is_file():
        return ""
    said = folder / "error.json"
    error = read_failure(said) if said.is_file() else _how_it_ended(ending, limits)
    write_failure(said, error)
    return str(error)


def _how_it_ended(ending: Ending, limits: Limits) -> RunError:
    """Return the failure of a process that has left no reason of its own."""
    told = f"the sandboxed process {ending.words}"
    if ending.timed_out:
        return OutOfTimeError(f"{told}: a shard may take {limits.seconds / 3600:g} hours here")
    return RunError(told)


def answer_all(
    submission: Submission,
    asked: Path,
    model: Path,
    adapter: Path | None,
    device: DeviceChoice,
    to: Path,
) -> bool:
    """Answer every handout in a folder: what runs in the sandbox. Return whether all went well.

    The reason of a failure is written where the shard would be, and the next task begins.
    """
    load = cache(lambda: load_backend(submission, model, device, adapter=adapter))

    def describe(answers: Answers, started: str) -> Json:
        return describe_run(answers, started, describe_machine(load()), "ci")

    well = True
    for path in sorted(asked.glob(f"*{ENDING}")):
        handout = read_handout(path)
        try:
            answer_handout(handout, load, to, describe, lambda *_: None)
        except Exception as error:  # nobody sees a traceback from in here
            well = False
            failure = error if isinstance(error, EvaluatorError) else _what_broke(error)
            write_failure(handout.shard.folder(to, handout.name) / "error.json", failure)
    return well


def _what_broke(error: Exception) -> RunError:
    """Return what people are told of an error that no step expects; none of its text is in it."""
    if isinstance(error, MemoryError):
        return RunError("the model asks for more memory than this board's runner gives it")
    return RunError(
        f"the model's process broke off with {type(error).__name__}: run it on a machine of your "
        "own to see where (evaluator run submissions/<org>/<model>)"
    )
