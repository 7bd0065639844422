"""evaluator ci: what the board's workflows do, a verb a job; see .github/workflows/."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from evaluator.ci import github
from evaluator.ci.handed import latest, name_of, write_failure
from evaluator.cli.options import TREE, TasksArgument, TreeOption, must_be_tree
from evaluator.cli.show import out, show_faults
from evaluator.core.errors import ModelError, counted
from evaluator.core.files import parse_json
from evaluator.core.trees import tree_of

app = typer.Typer(
    help="What the board's workflows do, a verb a job. People need none of them.",
    no_args_is_help=True,
)

NameArgument = Annotated[
    str, typer.Argument(help="The submission, <org>/<model>.", metavar="SUBMISSION")
]
ToOption = Annotated[Path, typer.Option(help="Folder of what is handed over.", metavar="FOLDER")]
HandedOption = Annotated[
    Path, typer.Option(help="Folder of what was handed over.", metavar="FOLDER")
]
StoreOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder that keeps models and test data; default: the caches.", metavar="FOLDER"
    ),
]


def _use_store(store: Path | None, *, offline: bool) -> None:
    """Look for models and test data in the store; the libraries read this when they are loaded."""
    if store:
        os.environ["HF_HOME"] = str(store / "models")
        os.environ["EVALUATOR_CACHE"] = str(store)
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"


def _month() -> str:
    return datetime.now(UTC).strftime("%Y-%m")


@app.command()
def validate(
    pr: Annotated[
        Path, typer.Option(help="Checkout of the merge commit; only read.", metavar="FOLDER")
    ] = Path("pr"),
) -> None:
    """Check a pull request as data, by the code of its base commit."""
    from evaluator.ci.validate import base_of, validate

    event = github.read_event()
    base = base_of(pr, event.get("merge_group", {}).get("base_sha", ""))
    author = event.get("pull_request", {}).get("user", {}).get("login", "")
    tree = tree_of(pr)
    must_be_tree(tree)
    found = validate(pr, base, author, _month())
    github.add_summary(found.summary)
    if found.faults:
        show_faults(found.faults, Path(tree.name), annotate=github.in_workflow())
        raise typer.Exit(1)
    out.print(f"ok: {', '.join(found.names) or 'no submission changed'}")


@app.command()
def plan(
    only: Annotated[
        str, typer.Option(help="This submission alone; '' for all.", metavar="SUBMISSION")
    ] = "",
    tree: TreeOption = TREE,
) -> None:
    """List what is missing on main, for the jobs that follow."""
    from evaluator.ci.plan import matrices, plan_run

    must_be_tree(tree)
    work = plan_run(tree, only, _month())
    github.add_summary(work.told)
    github.set_outputs(**matrices(work))
    shards = counted(len(work.measure), "shard")
    out.print(f"{counted(len(work.submissions), 'submission')}, {shards}")


@app.command()
def fetch(
    name: NameArgument, to: ToOption, store: StoreOption = None, tree: TreeOption = TREE
) -> None:
    """Fetch and verify a model's files and its data. Locks the model."""
    from evaluator.ci.fetch import fetch_model
    from evaluator.ci.measure import tasks_to_measure

    must_be_tree(tree)
    _use_store(store, offline=False)
    try:
        size = fetch_model(tree, name, tasks_to_measure(tree, name), to)
    except ModelError as error:  # the submission's affair; any other error is the board's
        write_failure(to / "error.json", error)
        _warn([str(error)])
        return
    out.print(f"{name}: {size:,} bytes")


@app.command()
def measure(
    name: NameArgument,
    shard: Annotated[str, typer.Option(help="Part of the work, as I/N.", metavar="I/N")],
    handed: HandedOption,
    to: ToOption,
    store: StoreOption = None,
    tree: TreeOption = TREE,
    device: Annotated[str, typer.Option(help="cpu or cuda.", metavar="DEVICE")] = "cuda",
    batch_tokens: Annotated[
        int, typer.Option(min=1, help="Most tokens at once.", metavar="N")
    ] = 16_384,
    image: Annotated[
        str, typer.Option(help="Container image by digest; '': bubblewrap.", metavar="IMAGE")
    ] = "",
    memory_gb: Annotated[
        int, typer.Option(min=1, help="Memory of a sandboxed process.", metavar="N")
    ] = 64,
    hours: Annotated[float, typer.Option(help="Time of the sandbox.", metavar="HOURS")] = 11.0,
) -> None:
    """Answer a shard of every missing task. The model is loaded in a sandbox."""
    from evaluator.backends import DeviceChoice
    from evaluator.ci.measure import Machine, measure_shard, tasks_to_measure
    from evaluator.measure.sandbox import Limits
    from evaluator.measure.shards import parse_shard

    must_be_tree(tree)
    machine = Machine(
        device=DeviceChoice(device=device, batch_tokens=batch_tokens),
        limits=Limits(memory_bytes=memory_gb * 2**30, seconds=int(hours * 3600)),
        image=image,
    )
    _use_store(store, offline=True)
    fetched = latest(handed).get((name_of(name), "lock"))
    if fetched is None or (fetched / "error.json").is_file():
        out.print(f"{name}: was not fetched, so there is nothing to run")
        return
    tasks = tasks_to_measure(tree, name)
    failed = measure_shard(tree, name, tasks, parse_shard(shard), machine, fetched, to)
    _warn(failed)


@app.command()
def answer(
    name: NameArgument,
    asked: Annotated[Path, typer.Argument(help="Folder of what is asked.", metavar="ASKED")],
    model: Annotated[Path, typer.Argument(help="Folder of the model's files.", metavar="FILES")],
    to: ToOption,
    adapter: Annotated[
        Path | None, typer.Option(help="Folder of a LoRA's files.", metavar="FOLDER")
    ] = None,
    tree: TreeOption = TREE,
    device: Annotated[str, typer.Option(help="cpu or cuda.", metavar="DEVICE")] = "cpu",
    batch_tokens: Annotated[
        int, typer.Option(min=1, help="Most tokens at once.", metavar="N")
    ] = 16_384,
) -> None:
    """Answer what was asked. `evaluator ci measure` runs this in its sandbox."""
    from evaluator.backends import DeviceChoice
    from evaluator.board.submissions import read_submission
    from evaluator.ci.measure import answer_all

    submission, _ = read_submission(tree, name)
    machine = DeviceChoice(device=device, batch_tokens=batch_tokens)
    if not answer_all(submission, asked, model, adapter, machine, to):
        raise typer.Exit(1)


@app.command()
def serve(name: NameArgument, to: ToOption, tree: TreeOption = TREE) -> None:
    """Ask the provider of a served model all that is missing.

    PROVIDER_KEYS holds a JSON object: variable of board.yaml -> key.
    """
    from evaluator.ci.measure import tasks_to_measure
    from evaluator.ci.serve import ask_provider, set_keys

    must_be_tree(tree)
    set_keys(os.environ.pop("PROVIDER_KEYS", "") or "{}")
    _warn(ask_provider(tree, name, tasks_to_measure(tree, name), to))


@app.command()
def score(name: NameArgument, handed: HandedOption, to: ToOption, tree: TreeOption = TREE) -> None:
    """Join and score the shards of a submission. Scores kept responses anew, too; no model."""
    from evaluator.ci.score import score_submission

    must_be_tree(tree)
    failed = score_submission(tree, name, handed, to)
    _warn(failed)


@app.command()
def publish(
    name: NameArgument,
    handed: HandedOption,
    tree: TreeOption = TREE,
    push: Annotated[bool, typer.Option("--push", help="Push the commit to main.")] = False,
) -> None:
    """Commit the new files of a submission. The tree with them must pass every check."""
    from evaluator.ci import publish as step

    must_be_tree(tree)
    files = step.publish(tree.resolve(), name, handed, os.environ.get("SIGNING_KEY", ""))
    if push:
        step.push(tree.resolve().parent)
    out.print(f"{name}: {counted(len(files), 'file')} published")


@app.command()
def report(handed: HandedOption, tree: TreeOption = TREE) -> None:
    """Open an issue for each failed submission. And one for failed jobs."""
    from evaluator.board.submissions import entry_names
    from evaluator.ci.report import board_issue, open_or_add, read_failures, submission_issue

    must_be_tree(tree)
    jobs = parse_json(os.environ.get("NEEDS", "{}").encode())
    failures = read_failures(handed, entry_names(tree))
    issues = [submission_issue(tree, name, failed) for name, failed in failures.items()]
    told = board_issue({job: facts["result"] for job, facts in jobs.items()})
    for issue in [*issues, *([told] if told else [])]:
        out.print(open_or_add(issue))


@app.command()
def audit(
    tree: TreeOption = TREE,
    deep: Annotated[
        int, typer.Option(min=0, help="Measure this many items again.", metavar="N")
    ] = 0,
) -> None:
    """Audit the board, and open an issue for what is found.

    With ATTEST=github, GitHub is asked whether the board's workflow on main made the newest ones.
    """
    from evaluator.ci.refresh import audit_issue
    from evaluator.ci.report import open_or_add

    must_be_tree(tree)
    issue, told = audit_issue(tree, deep, attested=os.environ.get("ATTEST") == "github")
    github.add_summary(told)
    if issue:
        out.print(open_or_add(issue))
        raise typer.Exit(1)


@app.command()
def outdated(tasks: TasksArgument = None) -> None:
    """Open an issue that proposes newer pins. Compares test sets with where they came from.

    A source that does not answer is told and tried again next week.
    """
    from evaluator.ci.refresh import outdated_issue
    from evaluator.ci.report import open_or_add
    from evaluator.tasks import task_names

    issue, failures = outdated_issue(tasks or task_names())
    _warn(failures)
    if issue:
        github.add_summary(issue["body"])
        out.print(open_or_add(issue, once=True))
    else:
        out.print("no pinned file has changed where it came from")


@app.command()
def settings(
    repository: Annotated[
        str, typer.Argument(help="<owner>/<name> on GitHub.", metavar="REPOSITORY")
    ],
    apply: Annotated[
        bool, typer.Option("--apply", help="Run the commands; without it they are printed.")
    ] = False,
) -> None:
    """Set a repository up by `gh api`. The calls are printed, and run with --apply."""
    from evaluator.ci.settings import BY_HAND, apply_settings, dry_run

    if apply:
        apply_settings(repository)
        out.print(BY_HAND.format(repository=repository), soft_wrap=True)
    else:
        out.print(dry_run(repository), soft_wrap=True)


def _warn(failed: list[str]) -> None:
    """Tell what could not be done: no failure of the job itself."""
    for line in failed:
        out.print(github.warning(line))
