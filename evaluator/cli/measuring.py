"""The verb `run`: a submission and its tasks -> results, or shards of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from evaluator.board.submissions import read_board, read_submission
from evaluator.board.tree import Board
from evaluator.cli.options import (
    DeviceOption,
    ProtocolOption,
    must_have,
    shown,
    submission_at,
)
from evaluator.cli.progress import Show, show_progress
from evaluator.cli.show import err as stderr
from evaluator.cli.show import out
from evaluator.cli.stopping import stoppable
from evaluator.core.errors import BusyError, EvaluatorError, RunError
from evaluator.core.records import Provider, Submission, Task
from evaluator.measure.method import why_unfit
from evaluator.tasks import load_task

if TYPE_CHECKING:
    from evaluator.measure.measurement import Measurer, Settings
    from evaluator.measure.settle import Measured
    from evaluator.measure.shards import Shard

    Step = Callable[[Measurer, Task, Show], str]

SubmissionArgument = Annotated[
    Path, typer.Argument(help="A submission: submissions/<org>/<model>.", metavar="SUBMISSION")
]
TaskOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Task to measure; may be repeated; default: all of its suites.", metavar="TASK"
    ),
]
TrustOption = Annotated[
    str, typer.Option(help="Who vouches for the number: ci or local.", metavar="TRUST")
]
LimitOption = Annotated[
    int,
    typer.Option(min=0, help="Measure this many items of each task, spread evenly.", metavar="N"),
]
ToOption = Annotated[
    Path | None,
    typer.Option(help="Tree to write results to; default: the submission's own.", metavar="FOLDER"),
]
ShardOption = Annotated[
    str,
    typer.Option(
        help="Answer part I of N alone, as I/N; `evaluator merge` joins them.", metavar="I/N"
    ),
]
RayOption = Annotated[
    str,
    typer.Option(
        help="Let workers of a Ray cluster answer: its address, or auto.", metavar="ADDRESS"
    ),
]
WorkersOption = Annotated[int, typer.Option(min=1, help="Workers of the cluster.", metavar="N")]
BatchOption = Annotated[
    int, typer.Option(min=1, help="Most tokens that enter the model at once.", metavar="N")
]
GpusOption = Annotated[
    int,
    typer.Option(
        min=1, help="GPUs that one model is spread over (`engine: vllm` alone).", metavar="N"
    ),
]


class Rules(TypedDict):
    """What the board says of a run."""

    keep_below: int
    provider: Provider | None
    room: int
    quantisations: tuple[str, ...] | None


class Places(TypedDict):
    """The settings that say where a run writes."""

    out: Path
    work: Path
    lock: bool


def run(
    path: SubmissionArgument,
    task: TaskOption = None,
    limit: LimitOption = 0,
    to: ToOption = None,
    again: Annotated[
        bool, typer.Option("--again", help="Measure even if a result stands already.")
    ] = False,
    protocol: ProtocolOption = "board",
    shard: ShardOption = "",
    trust: TrustOption = "local",
    device: DeviceOption = "cpu",
    batch_tokens: BatchOption = 16_384,
    gpus: GpusOption = 1,
    ray: RayOption = "",
    workers: WorkersOption = 1,
) -> None:
    r"""Measure a submission. Stopped at any moment, the same command goes on where it was.

    A limited run is a trial: it goes below build/partial/ and is refused anywhere else. So is one
    with another protocol than the board's, below build/lm-eval/: it shows that numbers are equal to
    lm-evaluation-harness's, and is never ranked.

    Near ties are items whose best two choices differ by less than 1e-4 nat: another machine may
    pick the other one.

    \b
    Examples:
      evaluator run submissions/starter/small
      evaluator run submissions/my-org/my-model --task gsm8k --limit 20
      evaluator run submissions/my-org/my-model --shard 2/8 --to build/shards
      evaluator run submissions/my-org/my-model --task mmlu --protocol lm-eval
      evaluator run submissions/my-org/my-model --ray auto --workers 8
    """
    _refuse_words(trust, shard, ray)
    from evaluator.backends.base import DeviceChoice
    from evaluator.measure.measurement import Settings

    home = path.resolve()
    tree, name = submission_at(path)
    submission, declines = read_submission(tree, name)
    board = read_board(tree)
    part = _part(shard)
    settings = Settings(
        **_places(tree, to, limit, part, protocol),
        limit=limit,
        shard=part,
        again=again or bool(limit),
        trust=trust,
        machine=DeviceChoice(device=device, batch_tokens=batch_tokens, gpus=gpus),
        ray=ray,
        workers=workers,
        **_rules(board, submission),
    )
    wanted = task or _suite_tasks(board, submission, protocol)
    tasks = [load_task(asked, protocol) for asked in wanted if asked not in declines]
    if not ray:  # where its workers run is another matter
        must_have(device)
    if not _each_task(submission, home, tasks, settings, _answer if part else _measure):
        raise typer.Exit(1)


def _refuse_words(trust: str, shard: str, ray: str) -> None:
    if trust not in ("ci", "local"):
        raise typer.BadParameter(f"--trust is ci or local, not {trust!r}")
    if shard and ray:
        raise typer.BadParameter("--ray cuts the work into shards by itself: no --shard")


def _part(shard: str) -> Shard | None:
    """Return the part that --shard names; None for the whole."""
    from evaluator.measure.shards import parse_shard

    try:
        return parse_shard(shard) if shard else None
    except RunError as error:
        raise typer.BadParameter(f"--shard {error}") from None


def _places(tree: Path, to: Path | None, limit: int, part: Shard | None, protocol: str) -> Places:
    """Return where a run writes: results, journals, and whether it may write the model's lock."""
    if part and limit:
        raise typer.BadParameter("a trial with --limit is small enough for one machine: no --shard")
    if part and protocol != "board":
        raise typer.BadParameter("shards are joined into results of the board's protocol alone")
    if part:
        return {"out": tree, "work": to or Path("build/shards"), "lock": True}
    if limit and to:
        raise typer.BadParameter("a trial with --limit goes below build/partial/: no --to")
    if limit:
        return {"out": Path("build/partial"), "work": Path("build/runs"), "lock": False}
    if protocol != "board":
        return {"out": to or Path("build/lm-eval"), "work": Path("build/runs"), "lock": False}
    return {"out": to or tree, "work": Path("build/runs"), "lock": to is None}


def _rules(board: Board, submission: Submission) -> Rules:
    return {
        "keep_below": board.responses_bytes,
        "provider": board.providers.get(submission.provider),
        "room": board.eligibility.model_bytes,
        "quantisations": board.eligibility.quantisations,
    }


def _each_task(
    submission: Submission, home: Path, tasks: list[Task], settings: Settings, step: Step
) -> bool:
    """Do a step for tasks one by one; a failure is told, noted as an attempt, and the next begins.

    Attempts go to the submission where it is its own tree that is written to; those of a shard are
    handed over with it.
    """
    from evaluator.measure.attempt import write_attempt
    from evaluator.measure.measurement import Measurer

    notes = settings.work if settings.shard else home if settings.lock else None
    well = True
    measurer: Measurer | None = None
    with stoppable() as until_stopped, show_progress() as start:
        for task in tasks:
            try:
                measurer = measurer or Measurer(submission, home, settings)
                out.print(step(measurer, task, until_stopped(start(task.name))))
            except EvaluatorError as error:
                well = False
                stderr.print(f"{submission.id} {task.name}: {error}")
                if notes and not isinstance(error, BusyError):
                    key = "" if measurer is None else measurer.key_of(task)
                    write_attempt(notes, submission, task, key, error)
    if measurer:
        measurer.close()
    return well


def _measure(measurer: Measurer, task: Task, progress: Show) -> str:
    """Measure one task and say what came out."""
    done = measurer.measure(task, progress)
    if not done.fresh:
        return f"{task.name}: measured already: {shown(done.path)}"
    return told(done)


def told(done: Measured) -> str:
    """Return what a measurement came to, in one line."""
    found = done.result["metrics"][done.result["primary"]]
    near_ties = done.result["counts"]["near_ties"]
    return (
        f"{done.result['task']['name']}: {done.result['primary']} {found['value']:.4f} "
        f"({found['low']:.4f} to {found['high']:.4f}), n = {found['n']}, "
        f"{f'near ties = {near_ties}, ' if near_ties else ''}"
        f"{done.result['run']['seconds']:.1f} s: {shown(done.path)}"
    )


def _answer(measurer: Measurer, task: Task, progress: Show) -> str:
    """Answer one shard of a task and say where it is."""
    return f"{task.name}: answered: {shown(measurer.answer_shard(task, progress))}"


def _suite_tasks(board: Board, submission: Submission, protocol: str) -> list[str]:
    suites = [board.suites[name] for name in submission.suites if name in board.suites]
    asked = dict.fromkeys(task for suite in suites for task in suite.measured)
    known = [load_task(task) for task in asked]
    wanted = [task for task in known if protocol == "board" or task.lm_eval]
    return [task.name for task in wanted if not why_unfit(submission, task)]
