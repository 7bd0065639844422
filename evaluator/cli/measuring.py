"""Verbs on the way from a submission to results: plan, run, merge, score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from evaluator.board import queue, rescoring
from evaluator.board.history import days_added
from evaluator.board.queue import Pending
from evaluator.board.rescoring import Rescored
from evaluator.board.submissions import Board, read_board, read_submission, read_tree
from evaluator.cli.options import (
    TREE,
    JsonOption,
    PathsArgument,
    ProtocolOption,
    TreeOption,
    must_be_tree,
    shown,
)
from evaluator.cli.progress import Show, show_progress
from evaluator.cli.show import err as stderr
from evaluator.cli.show import out, show_json, show_table
from evaluator.core.errors import BusyError, EvaluatorError, RunError
from evaluator.core.records import Provider, Submission, Task
from evaluator.measure.method import why_unfit
from evaluator.tasks import load_task

if TYPE_CHECKING:
    from evaluator.measure.measurement import Measured, Measurer, Settings
    from evaluator.measure.shards import Shard

    Step = Callable[[Measurer, Task, Show], str]

LimitOption = Annotated[
    int, typer.Option(min=0, help="Measure this many items of each task, spread evenly.")
]
ToOption = Annotated[
    Path | None, typer.Option(help="Tree to write results to; default: the submission's own.")
]
ShardOption = Annotated[
    str, typer.Option(help="Answer part I of N alone, as I/N; `evaluator merge` joins them.")
]
RayOption = Annotated[
    str, typer.Option(help="Let workers of a Ray cluster answer: its address, or auto.")
]
WorkersOption = Annotated[int, typer.Option(min=1, help="Workers of the cluster.")]
BatchOption = Annotated[int, typer.Option(min=1, help="Most tokens that enter the model at once.")]

GpusOption = Annotated[
    int, typer.Option(min=1, help="GPUs that one model is spread over (`engine: vllm` alone).")
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


def plan(tree: TreeOption = TREE, as_json: JsonOption = False) -> None:
    r"""List what is asked for and not there yet, in the order in which to do it.

    measure: a model must answer. rescore: kept responses are scored anew, without a model. The
    season's reference models come first, then submissions by age. Tokens and hours are estimates
    from the runs that are there; '-' where there is nothing to go by.

    \b
    Examples:
      evaluator plan
      evaluator plan --json
    """
    must_be_tree(tree)
    read = read_tree(tree, queue.for_planning)
    work = queue.plan(read, days_added(tree))
    if as_json:
        show_json([asdict(pending) for pending in work])
        return
    for told in queue.out_of_step(read):
        out.print(told)
    if work:
        head = ("submission", "task", "action", "requests", "tokens", "hours", "why")
        show_table(head, [_plan_row(pending) for pending in work])
        out.print(_plan_total(work))
    else:
        out.print("nothing to do")


def _plan_row(pending: Pending) -> list[str]:
    return [
        pending.submission,
        pending.task,
        pending.action,
        f"{pending.requests:,}",
        _estimate(pending.tokens),
        _estimate(pending.hours),
        pending.reason,
    ]


def _estimate(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"


def _plan_total(work: list[Pending]) -> str:
    measure = [pending for pending in work if pending.action == "measure"]
    known = [pending for pending in measure if pending.tokens is not None]
    tokens, hours = sum(p.tokens or 0 for p in known), sum(p.hours or 0 for p in known)
    unknown = f"; {len(measure) - len(known)} without an estimate" * (len(measure) > len(known))
    return (
        f"{len(measure)} to measure, about {tokens:,} tokens and {hours:.3g} hours{unknown}; "
        f"{len(work) - len(measure)} to rescore"
    )


def run(
    path: Annotated[Path, typer.Argument(help="A submission: submissions/<org>/<model>.")],
    task: Annotated[
        list[str] | None, typer.Option(help="Task to measure; default: all of its suites.")
    ] = None,
    limit: LimitOption = 0,
    to: ToOption = None,
    again: Annotated[
        bool, typer.Option("--again", help="Measure even if a result stands already.")
    ] = False,
    protocol: ProtocolOption = "board",
    shard: ShardOption = "",
    trust: Annotated[str, typer.Option(help="Who vouches for the number: ci or local.")] = "local",
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    batch_tokens: BatchOption = 16_384,
    gpus: GpusOption = 1,
    ray: RayOption = "",
    workers: WorkersOption = 1,
) -> None:
    r"""Measure a submission. Stopped at any moment, the same command goes on where it was.

    A limited run is a trial: it goes below build/partial/ and is refused anywhere else. So is one
    with another protocol than the board's, below build/lm-eval/: it shows that numbers are equal to
    lm-evaluation-harness's, and is never ranked.

    \b
    Examples:
      evaluator run submissions/starter/small
      evaluator run submissions/my-org/my-model --task gsm8k --limit 20
      evaluator run submissions/my-org/my-model --shard 2/8 --to build/shards
      evaluator run submissions/my-org/my-model --task mmlu --protocol lm-eval
      evaluator run submissions/my-org/my-model --ray auto --workers 8 --device cuda
    """
    _refuse_words(trust, device, shard, ray)
    from evaluator.backends.base import DeviceChoice
    from evaluator.measure.measurement import Settings

    home = path.resolve()
    tree = home.parents[1]
    submission, declines = read_submission(tree, f"{home.parent.name}/{home.name}")
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
    tasks = [load_task(name, protocol) for name in wanted if name not in declines]
    if not for_each_task(submission, home, tasks, settings, _answer if part else _measure):
        raise typer.Exit(1)


def _refuse_words(trust: str, device: str, shard: str, ray: str) -> None:
    if trust not in ("ci", "local") or device not in ("cpu", "cuda"):
        raise typer.BadParameter("--trust is ci or local; --device is cpu or cuda")
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
        return {"out": tree, "work": to or Path("build/shards"), "lock": False}
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


def for_each_task(
    submission: Submission, home: Path, tasks: list[Task], settings: Settings, step: Step
) -> bool:
    """Do a step for tasks one by one; a failure is told, noted as an attempt, and the next begins.

    Attempts go to the submission where it is its own tree that is written to; those of a shard are
    handed over with it.
    """
    from evaluator.measure.attempt import write_attempt
    from evaluator.measure.measurement import Measurer

    notes = home if settings.lock else settings.work if settings.shard else None
    well = True
    measurer: Measurer | None = None
    with show_progress() as start:
        for task in tasks:
            try:
                measurer = measurer or Measurer(submission, home, settings)
                out.print(step(measurer, task, start(task.name)))
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
    return _told(done)


def _told(done: Measured) -> str:
    found = done.result["metrics"][done.result["primary"]]
    return (
        f"{done.result['task']['name']}: {done.result['primary']} {found['value']:.4f} "
        f"({found['low']:.4f} to {found['high']:.4f}), n = {found['n']}, "
        f"{done.result['run']['seconds']:.1f} s: {shown(done.path)}"
    )


def _answer(measurer: Measurer, task: Task, progress: Show) -> str:
    """Answer one shard of a task and say where it is."""
    return f"{task.name}: answered: {shown(measurer.answer_shard(task, progress))}"


def merge(
    path: Annotated[Path, typer.Argument(help="A submission: submissions/<org>/<model>.")],
    shards: Annotated[Path, typer.Argument(help="Folder that all shards were collected in.")],
    to: ToOption = None,
) -> None:
    r"""Join the shards of a submission and score them; no model is needed.

    A shard that is missing, doubled, of another measurement or of another version is refused, and
    the other tasks are scored all the same.

    \b
    Examples:
      evaluator run submissions/my-org/my-model --shard 1/2
      evaluator run submissions/my-org/my-model --shard 2/2
      evaluator merge submissions/my-org/my-model build/shards
    """
    from evaluator.measure.join import join_task
    from evaluator.measure.manifest import read_lock

    home = path.resolve()
    tree = home.parents[1]
    submission, _ = read_submission(tree, f"{home.parent.name}/{home.name}")
    keep_below, manifest = read_board(tree).responses_bytes, read_lock(home / "lock.json")
    found = sorted({folder.parent.name for folder in shards.glob("*/*-of-*")})
    if not found:
        raise EvaluatorError(f"{shards}: no shard there (<measurement>/<I>-of-<N>/shard.json)")
    well = True
    for name in found:
        try:
            out.print(_told(join_task(submission, manifest, shards / name, to or tree, keep_below)))
        except EvaluatorError as error:
            well = False
            stderr.print(str(error))
    if not well:
        raise typer.Exit(1)


def score(
    paths: PathsArgument = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Score every kept response, not only what the plan names.")
    ] = False,
    tree: TreeOption = TREE,
    as_json: JsonOption = False,
) -> None:
    r"""Score kept responses again, without a model: after a mended scorer, a new metric, new gold.

    Without --all: what `evaluator plan` lists as rescore. With --all also the rest, where a result
    of the present scorer must come out equal. A new result stands beside the old one,
    `<run>.s<scorer>.json`. What moved, and by how much, is printed as Markdown for the changelog.

    \b
    Examples:
      evaluator score
      evaluator score --all
      evaluator score submissions/my-org/my-model
    """
    names = [f"{p.resolve().parent.name}/{p.resolve().name}" for p in paths or []]
    tree = paths[0].resolve().parents[1] if paths else tree
    must_be_tree(tree)
    read = read_tree(tree)
    wanted = rescoring.chosen(read, names, everything=everything)
    done = list(rescoring.rescore_tree(tree, read, wanted))
    moves = [move for one in done if one.outcome == "written" for move in one.moves]
    if as_json:
        show_json([asdict(one) for one in done])
    else:
        _show_scores(done)
        if any(one.outcome == "written" for one in done):
            out.print(f"\n{rescoring.numbers_text(moves)}")
    if any(one.outcome in FAULTS for one in done):
        raise typer.Exit(1)


FAULTS = ("differs", "failed")
"""What scoring anew must not come to."""


def _show_scores(done: list[Rescored]) -> None:
    for one in done:
        if one.outcome in FAULTS:
            stderr.print(f"{one.path}: {one.reason or 'its responses give other numbers'}")
        elif one.outcome == "written":
            out.print(f"{one.reason}: scored anew")
        else:
            out.print(f"{one.path}: {one.reason or one.outcome}")
    if not done:
        out.print("nothing to score anew; --all scores everything")


def _suite_tasks(board: Board, submission: Submission, protocol: str) -> list[str]:
    suites = [board.suites[name] for name in submission.suites if name in board.suites]
    asked = dict.fromkeys(task for suite in suites for task in suite.measured)
    known = [load_task(task) for task in asked]
    wanted = [task for task in known if protocol == "board" or task.lm_eval]
    return [task.name for task in wanted if not why_unfit(submission, task)]
