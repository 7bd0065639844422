"""evaluator data: the pinned files of the benchmarks."""

from __future__ import annotations

import typer

from evaluator.cli.options import JsonOption, TasksArgument
from evaluator.cli.progress import show_progress
from evaluator.cli.show import err as stderr
from evaluator.cli.show import out, show_json, show_table
from evaluator.core.errors import EvaluatorError, counted
from evaluator.core.files import sha256
from evaluator.tasks import pins_of, task_names

app = typer.Typer(help="Pinned files of the benchmarks.", no_args_is_help=True)


@app.command("fetch")
def data_fetch(tasks: TasksArgument = None) -> None:
    """Fetch the pinned files of tasks into the cache. What is at hand is verified."""
    _for_each_pin(tasks, "fetched")


@app.command("verify")
def data_verify(tasks: TasksArgument = None) -> None:
    """Verify the pinned files of tasks. Each must be at hand, have its bytes and give its rows.

    Pins that are not verified yet are looked at only if their task is named: what is found then is
    printed, so that the pin can be completed.
    """
    _for_each_pin(tasks, "verified")


@app.command("outdated")
def data_outdated(tasks: TasksArgument = None, as_json: JsonOption = False) -> None:
    r"""List pins whose repository has a newer commit. Needs a network, changes nothing.

    \b
    Examples:
      evaluator data outdated
      evaluator data outdated gsm8k --json
    """
    from evaluator.measure.refresh import find_moved

    moved, failures = find_moved(pins_of(tasks or task_names()))
    if as_json:
        show_json([{"id": m.pin.id, "repo": m.pin.repo, "commit": m.pin.commit,
                    "newest": m.newest} for m in moved])  # fmt: skip
    elif moved:
        rows = [[m.pin.id, m.pin.repo, m.pin.commit[:12], m.newest[:12]] for m in moved]
        show_table(("file", "repository", "pinned", "newest"), rows)
    elif not failures:
        out.print("no pin is outdated")
    _tell(failures)


@app.command("bump")
def data_bump(tasks: TasksArgument = None) -> None:
    r"""Propose newer test data, as the text of a pull request. Changes nothing itself.

    For each pin whose repository moved on: the rows added, removed and changed, and the new pin.

    \b
    Examples:
      evaluator data bump gsm8k
      evaluator data bump > bump.md
    """
    from evaluator.measure.refresh import proposal_text, propose_newer

    proposals, failures = propose_newer(tasks or task_names())
    if proposals or not failures:
        out.print(proposal_text(proposals) if proposals else "no pin is outdated", soft_wrap=True)
    _tell(failures)


def _tell(failures: list[str]) -> None:
    for failure in failures:
        stderr.print(failure)
    if failures:
        raise typer.Exit(1)


def _for_each_pin(names: list[str] | None, word: str) -> None:
    from evaluator.measure.data import find_bytes, load_rows

    pins = pins_of(names or task_names())
    unseen = [] if names else [pin.id for pin in pins if not pin.verified]
    pins = [pin for pin in pins if pin.id not in unseen]
    failures, total = [], 0
    with show_progress() as start:
        progress = start("files")
        for number, pin in enumerate(pins, 1):
            try:
                found = find_bytes(pin) if word == "fetched" else load_rows(pin)
                if word == "verified" and not pin.verified:
                    data = find_bytes(pin)
                    held = f"{len(data)} bytes, {counted(len(found), 'row')}"
                    out.print(f"{pin.id}: {held}, {sha256(data)}")
                total += pin.bytes
            except EvaluatorError as error:
                failures.append(str(error))
            progress(number, len(pins))
    if not pins and not unseen:
        out.print("no file is pinned: what these tasks ask is made from a seed")
        return
    well = len(pins) - len(failures)
    out.print(f"{word} {well} of {counted(len(pins), 'file')}, {total:,} bytes in all")
    if unseen:
        out.print(f"not verified yet, so not looked at: {', '.join(unseen)}")
    _tell(failures)
