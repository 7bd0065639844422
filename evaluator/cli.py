"""The command line: each verb calls one step of the flow."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from evaluator import __version__
from evaluator.board import queue, ranking
from evaluator.board.check import check_tree
from evaluator.board.check_change import check_change, check_model_unchanged
from evaluator.board.submissions import Board, read_board, read_submission, read_tree
from evaluator.core.errors import DocumentError, EvaluatorError, Fault
from evaluator.core.files import pretty_bytes, write_atomic
from evaluator.core.records import Submission, Task
from evaluator.show import err as stderr
from evaluator.show import (
    out,
    progress_bar,
    show_faults,
    show_json,
    show_ranking,
    show_table,
)
from evaluator.tasks import load_task, task_names

HELP = """A leaderboard for language models that lives in a git repository.

A model author adds submissions/<org>/<model>/ with submission.yaml and card.md. Then:

\b
  evaluator check         is everything in the tree what it must be?
  evaluator plan          what is still to be measured?
  evaluator run PATH      measure a submission (goes on where it was stopped)
  evaluator score         score kept responses again, without a model
  evaluator rank          the ranked table, with its uncertainty
  evaluator site build    the website, below build/site

Exit code 0: all is well. 1: something is wrong with what was looked at. 2: wrong use.
"""

app = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(help="Pinned files of the benchmarks.", no_args_is_help=True)
tasks_app = typer.Typer(help="The tasks this evaluator knows.", no_args_is_help=True)
site_app = typer.Typer(help="The website.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(tasks_app, name="tasks")
app.add_typer(site_app, name="site")

TreeOption = Annotated[
    Path, typer.Option("--tree", help="Folder of submissions.", envvar="EVALUATOR_SUBMISSIONS")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
TasksArgument = Annotated[list[str] | None, typer.Argument(help="Names of tasks; default: all.")]
TREE = Path("submissions")
SITE = Path("build/site")


def main() -> None:
    """Run the command line; a fault of the user's is a sentence and exit code 1."""
    try:
        app()
    except DocumentError as error:
        show_faults(error.faults, Path(), annotate=False)
        sys.exit(1)
    except EvaluatorError as error:
        stderr.print(str(error))
        sys.exit(1)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        out.print(__version__)
        raise typer.Exit


@app.command()
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Submissions (<org>/<model> folders); default: all.")
    ] = None,
    tree: TreeOption = TREE,
    base: Annotated[
        str, typer.Option(help="Commit to compare with: check the change as a pull request.")
    ] = "",
    head: Annotated[str, typer.Option(help="Commit that holds the change, with --base.")] = "HEAD",
    base_tree: Annotated[
        Path | None, typer.Option(help="Folder of submissions at the base commit, with --base.")
    ] = None,
    annotate: Annotated[
        bool, typer.Option("--annotate", help="Print faults as annotations of GitHub Actions.")
    ] = False,
) -> None:
    r"""Check board, submissions and results; every fault at once, with file, line and what to do.

    \b
    Examples:
      evaluator check
      evaluator check submissions/my-org/my-model
      evaluator check --base origin/main
    """
    names: list[str] | None = None
    faults: list[Fault] = []
    if paths:
        tree = paths[0].resolve().parents[1]
        names = [f"{path.resolve().parent.name}/{path.resolve().name}" for path in paths]
    _must_be_folder(tree)
    if base:
        names, faults = check_change(tree.resolve().parent, base, head)
        existing = [name for name in names if (tree / name).is_dir()]
        for name in existing if base_tree else []:
            faults += check_model_unchanged(base_tree or tree, tree, name)
        names = existing
    faults = sorted({*faults, *check_tree(tree, names)})
    if faults:
        show_faults(faults, Path(_shown(tree.resolve())), annotate=annotate)
        raise typer.Exit(1)
    looked = "the whole tree" if names is None else ", ".join(names) or "no submission changed"
    out.print(f"ok: {looked}")


@app.command()
def plan(tree: TreeOption = TREE, as_json: JsonOption = False) -> None:
    """List what is asked for and not there yet: models to measure, responses to score anew."""
    _must_be_folder(tree)
    work = queue.plan(read_tree(tree))
    if as_json:
        show_json([asdict(pending) for pending in work])
    elif work:
        rows = [[p.submission, p.task, p.action, f"{p.requests:,}", p.reason] for p in work]
        show_table(("submission", "task", "action", "requests", "why"), rows)
    else:
        out.print("nothing to do")


@app.command()
def run(
    path: Annotated[Path, typer.Argument(help="A submission: submissions/<org>/<model>.")],
    task: Annotated[
        list[str] | None, typer.Option(help="Task to measure; default: all of its suites.")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, help="Measure this many items of each task, spread evenly.")
    ] = 0,
    to: Annotated[
        Path | None, typer.Option(help="Tree to write results to; default: the submission's own.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Measure even if a result stands already.")
    ] = False,
    trust: Annotated[str, typer.Option(help="Who vouches for the number: ci or local.")] = "local",
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    batch_tokens: Annotated[
        int, typer.Option(min=1, help="Most tokens that enter the model at once.")
    ] = 16_384,
) -> None:
    r"""Measure a submission. Stopped at any moment, the same command goes on where it was.

    A limited run is a trial: it goes below build/partial/ and is refused anywhere else.

    \b
    Examples:
      evaluator run submissions/starter/small
      evaluator run submissions/my-org/my-model --task gsm8k --limit 20
    """
    if trust not in ("ci", "local") or device not in ("cpu", "cuda"):
        raise typer.BadParameter("--trust is ci or local; --device is cpu or cuda")
    from evaluator.backends.base import DeviceChoice
    from evaluator.measure.measurement import Settings

    home = path.resolve()
    tree = home.parents[1]
    submission, declines = read_submission(tree, f"{home.parent.name}/{home.name}")
    board = read_board(tree)
    settings = Settings(
        out=Path("build/partial") if limit else to or tree,
        work=Path("build/runs"),
        limit=limit,
        again=again or bool(limit),
        trust=trust,
        keep_below=board.responses_bytes,
        lock=not limit and to is None,
        machine=DeviceChoice(device=device, batch_tokens=batch_tokens),
    )
    wanted = task or _suite_tasks(board, submission)
    tasks = [load_task(name) for name in wanted if name not in declines]
    if not measure_tasks(submission, home, tasks, settings):
        raise typer.Exit(1)


def measure_tasks(submission: Submission, home: Path, tasks: list[Task], settings: object) -> bool:
    """Measure tasks one by one; a failure is told, noted as an attempt, and the next one begins."""
    from evaluator.measure.attempt import write_attempt
    from evaluator.measure.measurement import Measurer, Settings

    assert isinstance(settings, Settings)
    well = True
    measurer: Measurer | None = None
    with progress_bar() as start:
        for task in tasks:
            try:
                measurer = measurer or Measurer(submission, home, settings)
                done = measurer.measure(task, start(f"{submission.id} {task.name}"))
            except EvaluatorError as error:
                well = False
                stderr.print(f"{submission.id} {task.name}: {error}")
                if settings.lock:
                    key = "" if measurer is None else measurer.key_of(task)
                    write_attempt(home, submission.id, task.name, key, error)
                continue
            if not done.fresh:
                out.print(f"{task.name}: measured already: {_shown(done.path)}")
                continue
            found = done.result["metrics"][done.result["primary"]]
            out.print(
                f"{task.name}: {done.result['primary']} {found['value']:.4f} "
                f"({found['low']:.4f} to {found['high']:.4f}), n = {found['n']}, "
                f"{done.result['run']['seconds']:.1f} s: {_shown(done.path)}"
            )
    return well


@app.command()
def score(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Submissions (<org>/<model> folders); default: all.")
    ] = None,
    tree: TreeOption = TREE,
) -> None:
    """Score kept responses again, without a model.

    A result of the present scorer must come out equal. One of an older scorer gets a new file
    beside it, `<run>.s<scorer>.json`.
    """
    from evaluator.measure.data import load_examples
    from evaluator.measure.rescore import rescore, write_rescored

    names = [f"{p.resolve().parent.name}/{p.resolve().name}" for p in paths or []]
    tree = paths[0].resolve().parents[1] if paths else tree
    _must_be_folder(tree)
    different = 0
    for entry in read_tree(tree).entries:
        if names and entry.submission.id not in names:
            continue
        for standing in entry.results:
            if not standing.result["responses"]["kept"]:
                out.print(f"{standing.path}: responses not kept, nothing to score")
                continue
            task = load_task(standing.result["task"]["name"])
            path = tree / standing.path
            fresh, equal = rescore(path, standing.result, task, load_examples(task))
            if equal:
                out.print(f"{standing.path}: equal")
            elif standing.result["scorer"] == task.scorer:
                different += 1
                stderr.print(f"{standing.path}: its responses give other numbers")
            else:
                out.print(f"{write_rescored(path, fresh)}: scored anew")
    if different:
        raise typer.Exit(1)


@app.command()
def rank(
    suite: Annotated[str, typer.Argument(help="Suite; default: that of the home page.")] = "",
    tree: TreeOption = TREE,
    as_json: JsonOption = False,
) -> None:
    """Show the ranked table: rank intervals, index with interval, tie groups, every task."""
    _must_be_folder(tree)
    read = read_tree(tree)
    name = suite or read.board.home
    if name not in read.board.suites:
        raise EvaluatorError(f"no suite {name!r}; known: {', '.join(read.board.suites)}")
    found = ranking.rank(read, read.board.suites[name])
    if as_json:
        from evaluator.board.publish import ranking_data

        show_json(ranking_data(found))
    else:
        show_ranking(found)


@data_app.command("fetch")
def data_fetch(tasks: TasksArgument = None) -> None:
    """Fetch the pinned files of tasks into the cache; what is at hand is verified."""
    _for_each_pin(tasks, "fetched")


@data_app.command("verify")
def data_verify(tasks: TasksArgument = None) -> None:
    """Verify that every pinned file is at hand, has the pinned bytes and parses into its rows."""
    _for_each_pin(tasks, "verified")


def _for_each_pin(names: list[str] | None, word: str) -> None:
    from evaluator.measure.data import find_bytes, load_rows

    pins = {pin.id: pin for name in names or task_names() for pin in load_task(name).pins}
    failures = []
    with progress_bar() as start:
        progress = start("files")
        for number, pin in enumerate(pins.values(), 1):
            try:
                _ = find_bytes(pin) if word == "fetched" else load_rows(pin)
            except EvaluatorError as error:
                failures.append(str(error))
            progress(number, len(pins))
    for failure in failures:
        stderr.print(failure)
    total = sum(pin.bytes for pin in pins.values())
    out.print(f"{len(pins) - len(failures)} of {len(pins)} files {word}, {total:,} bytes in all")
    if failures:
        raise typer.Exit(1)


@tasks_app.command("list")
def tasks_list(as_json: JsonOption = False) -> None:
    """List all tasks."""
    tasks = [load_task(name) for name in task_names()]
    if as_json:
        show_json([{"name": t.name, "version": t.version, "kind": t.kind} for t in tasks])
        return
    rows = [[t.name, t.kind, t.primary.name, str(t.n_shots), t.licence, t.summary] for t in tasks]
    show_table(("task", "kind", "primary", "shots", "licence", "what it measures"), rows)


@tasks_app.command("show")
def tasks_show(
    name: Annotated[str, typer.Argument(help="Name of a task.")],
    item: Annotated[int, typer.Option(min=0, help="Number of the item to show.")] = 0,
) -> None:
    """Show one item of a task exactly as a model is asked."""
    from evaluator.measure.data import load_examples
    from evaluator.measure.requests import build_requests

    task = load_task(name)
    examples = load_examples(task)
    if item >= len(examples.test):
        raise EvaluatorError(f"{name} has items 0 to {len(examples.test) - 1}, not {item}")
    example = examples.test[item]
    asked = [r for r in build_requests(task, examples) if r.item == example.id]
    out.print(asked[0].prompt.text(), style="dim")
    for request in asked:
        mark = "*" if request.index in example.gold else " "
        out.print(f"{mark} [{request.continuation}]" if not request.generate else "(writes)")
    for answer in example.answers:
        out.print(f"* right: {answer}")


@tasks_app.command("lock")
def tasks_lock(
    check_only: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 if the lock is not up to date.")
    ] = False,
) -> None:
    """Derive tasks/lock.json: what every task asks, hashed, from its pinned data."""
    from evaluator.measure.requests import lock_entry

    path = Path(__file__).parent / "tasks" / "lock.json"
    with progress_bar() as start:
        entries, progress = {}, start("tasks")
        for number, name in enumerate(task_names(), 1):
            entries[name] = lock_entry(name)
            progress(number, len(task_names()))
    data = pretty_bytes({"schema": 1, "tasks": entries})
    if path.exists() and path.read_bytes() == data:
        out.print(f"{len(entries)} tasks: up to date")
    elif check_only:
        raise EvaluatorError(f"{path}: not up to date; run `evaluator tasks lock` and say why")
    else:
        write_atomic(path, data)
        out.print(f"{len(entries)} tasks: written to {path}")


@site_app.command("build")
def site_build(
    tree: TreeOption = TREE,
    to: Annotated[Path, typer.Option(help="Folder to build into; it is wiped.")] = SITE,
) -> None:
    """Build the website from the tree; any warning is a failure."""
    from evaluator.board.site import build_site

    _must_be_folder(tree)
    build_site(Path.cwd(), tree, to)
    pages = sum(1 for _ in to.rglob("*.html"))
    out.print(f"{pages} pages in {to}")


@site_app.command("serve")
def site_serve(
    folder: Annotated[Path, typer.Argument(help="Folder of a built site.")] = SITE,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 8000,
) -> None:
    """Serve a built website on localhost until interrupted."""
    from evaluator.board.site import serve_site

    server = serve_site(folder, port)
    out.print(f"http://127.0.0.1:{server.server_port}/  (Ctrl-C ends it)")
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


def _suite_tasks(board: Board, submission: Submission) -> list[str]:
    suites = [board.suites[name] for name in submission.suites if name in board.suites]
    return list(dict.fromkeys(task for suite in suites for task in suite.tasks))


def _must_be_folder(tree: Path) -> None:
    if not (tree / "board.yaml").is_file():
        raise EvaluatorError(
            f"{tree}: no board.yaml there. Run this at the root of the repository, or name the "
            "folder of submissions with --tree."
        )


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
