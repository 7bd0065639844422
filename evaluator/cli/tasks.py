"""evaluator tasks: what this evaluator asks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaluator.cli.options import (
    TREE,
    JsonOption,
    ProtocolOption,
    TasksArgument,
    TreeOption,
    submission_at,
)
from evaluator.cli.progress import show_progress
from evaluator.cli.show import out, show_json, show_table
from evaluator.core.errors import EvaluatorError, counted
from evaluator.core.files import Json, pretty_bytes, write_atomic
from evaluator.core.records import Task
from evaluator.tasks import load_task, lock_path, lock_paths, lockable, task_names

if TYPE_CHECKING:
    from evaluator.measure.lint import Finding

app = typer.Typer(help="The tasks this evaluator knows.", no_args_is_help=True)


@app.command("list")
def tasks_list(protocol: ProtocolOption = "board", as_json: JsonOption = False) -> None:
    """List all tasks, or those that a protocol has."""
    tasks = [load_task(name) for name in task_names()]
    if protocol == "lm-eval":
        tasks = [task for task in tasks if task.lm_eval]
    if as_json:
        show_json([{"name": t.name, "version": t.version, "kind": t.kind} for t in tasks])
        return
    rows = [[t.name, t.kind, t.primary.name, str(t.n_shots), t.licence, t.summary] for t in tasks]
    show_table(("task", "kind", "primary", "shots", "licence", "what it measures"), rows)


@app.command("show")
def tasks_show(
    name: Annotated[str, typer.Argument(help="Name of a task.", metavar="TASK")],
    item: Annotated[int, typer.Option(min=0, help="Number of the item to show.", metavar="N")] = 0,
    protocol: ProtocolOption = "board",
) -> None:
    """Show one item of a task exactly as a model is asked."""
    from evaluator.measure.data import load_examples
    from evaluator.measure.requests import build_requests

    task = load_task(name, protocol)
    examples = load_examples(task)
    if item >= len(examples.test):
        raise EvaluatorError(f"{name} has items 0 to {len(examples.test) - 1}, not {item}")
    example = examples.test[item]
    asked = [r for r in build_requests(task, examples) if r.item == example.id]
    shown = ""
    for request in asked:
        if (before := request.prompt.text()) != shown:
            out.print(before, style="dim")
            shown = before
        mark = "*" if request.index in example.gold else " "
        out.print(f"{mark} [{request.continuation}]" if not request.generate else "(writes)")
    for answer in example.answers:
        out.print(f"* right: {answer}")


@app.command("lint")
def tasks_lint(
    names: TasksArgument = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="A submission that is asked the options without their question.",
            metavar="SUBMISSION",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, help="Items that it is asked; 0 for all.", metavar="N")
    ] = 200,
    write: Annotated[
        bool, typer.Option("--write", help="Keep what is found for the pages of the tasks.")
    ] = False,
    tree: TreeOption = TREE,
    as_json: JsonOption = False,
) -> None:
    r"""Look for oddities of test sets, such as doubles and shortcuts.

    Items that are asked twice or nearly, shots that are asked too, skewed labels and places of the
    right option, what the first or the longest option gets, and items that the best models of the
    board all answer alike and wrongly. A mark is no verdict.

    \b
    Examples:
      evaluator tasks lint winogrande
      evaluator tasks lint starter_choice --model submissions/starter/large
    """
    from evaluator.measure.lint import lint_task, to_json, write_findings

    wanted = [load_task(name) for name in names or lockable()]
    found = {task.name: lint_task(task) for task in wanted}
    for name, finding in (ask_blindly(wanted, model, limit) if model else {}).items():
        found[name].append(finding)
    if write:
        write_findings(found)
    for name, finding in ask_results(wanted, tree).items():
        found[name].append(finding)
    if as_json:
        show_json({name: to_json(findings) for name, findings in found.items()})
        return
    rows = [
        [name, f.name, "!" if f.flagged else "", f"{f.value:.4g}", f"{f.expected:.4g}",
         ", ".join(f.items)]
        for name, findings in found.items()
        for f in findings
    ]  # fmt: skip
    show_table(("task", "finding", "", "value", "expected", "items"), rows, keys=2)


def ask_blindly(tasks: Sequence[Task], model: Path, limit: int) -> dict[str, Finding]:
    """Return the choice-only finding of each task that has one."""
    from evaluator.board.submissions import read_entry
    from evaluator.measure.lint import can_be_blind, choice_only
    from evaluator.measure.measurement import Measurer, Settings

    submission = read_entry(*submission_at(model)).submission
    settings = Settings(out=Path("build/partial"), work=Path("build/runs"))
    backend = Measurer(submission, model, settings).load()
    blind = [task for task in tasks if can_be_blind(task)]
    return {task.name: choice_only(task, backend, limit, submission.id) for task in blind}


def ask_results(tasks: Sequence[Task], tree: Path) -> dict[str, Finding]:
    """Return what the results of a board tell of each task; nothing without a board."""
    from evaluator.board.agreement import agreed_wrong
    from evaluator.board.cells import find_cell
    from evaluator.board.submissions import read_tree

    if not tree.is_dir():
        return {}
    board = read_tree(tree)
    found = {
        task.name: agreed_wrong(tree, [find_cell(board, e, task.name) for e in board.entries], task)
        for task in tasks
    }
    return {name: finding for name, finding in found.items() if finding}


@app.command("lock")
def tasks_lock(
    names: TasksArgument = None,
    check_only: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 if the lock is not up to date.")
    ] = False,
) -> None:
    """Write down by hash what each task asks, from its pinned data. Says what moved.

    With names, only those are derived; the entries of the others stay as they are. A task whose
    pins are not verified has no entry: it cannot be measured yet.
    """
    from evaluator.measure.lock import lock_moves, of_same_version

    wanted = names or lockable()
    entries = _derive(wanted)
    stale, moves = [], []
    for path in dict.fromkeys(map(lock_path, names)) if names else lock_paths():
        held = json.loads(path.read_bytes())["tasks"] if path.exists() else {}
        found = {name: entry for name, entry in entries.items() if lock_path(name) == path}
        if names:
            found = held | found
        data = pretty_bytes({"schema": 1, "tasks": found})
        if not (held or found) or (path.exists() and path.read_bytes() == data):
            continue
        stale.append(str(path))
        moves += lock_moves(held, found)
        if not check_only:
            write_atomic(path, data)
    if moves:
        show_table(("task", "part", "before", "now"), moves)
    for name in of_same_version(moves):
        out.print(f"{name}: raise its version, or `evaluator check` refuses its earlier results")
    if stale and check_only:
        told = "not up to date; run `evaluator tasks lock` and say why"
        raise EvaluatorError(f"{', '.join(stale)}: {told}")
    told = f"written to {', '.join(stale)}" if stale else "up to date"
    out.print(f"{counted(len(wanted), 'task')}: {told}")


def _derive(names: Sequence[str]) -> dict[str, Json]:
    """Return the lock entries of these tasks."""
    from evaluator.measure.lock import lock_entry

    with show_progress() as start:
        entries, progress = {}, start("tasks")
        for number, name in enumerate(names, 1):
            entries[name] = lock_entry(name)
            progress(number, len(names))
    return entries
