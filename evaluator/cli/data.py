"""evaluator data: the pinned files of the benchmarks."""

from __future__ import annotations

import typer

from evaluator.cli.options import TasksArgument
from evaluator.cli.show import err as stderr
from evaluator.cli.show import out, progress_bar
from evaluator.core.errors import EvaluatorError
from evaluator.core.files import sha256
from evaluator.tasks import load_task, task_names

app = typer.Typer(help="Pinned files of the benchmarks.", no_args_is_help=True)


@app.command("fetch")
def data_fetch(tasks: TasksArgument = None) -> None:
    """Fetch the pinned files of tasks into the cache; what is at hand is verified."""
    _for_each_pin(tasks, "fetched")


@app.command("verify")
def data_verify(tasks: TasksArgument = None) -> None:
    """Verify that every pinned file is at hand, has the pinned bytes and parses into its rows.

    Pins that are not verified yet are looked at only if their task is named: what is found then is
    printed, so that the pin can be completed.
    """
    _for_each_pin(tasks, "verified")


def _for_each_pin(names: list[str] | None, word: str) -> None:
    from evaluator.measure.data import find_bytes, load_rows

    pins = {pin.id: pin for name in names or task_names() for pin in load_task(name).pins}
    unseen = [] if names else [pin.id for pin in pins.values() if not pin.verified]
    pins = {name: pin for name, pin in pins.items() if name not in unseen}
    failures = []
    with progress_bar() as start:
        progress = start("files")
        for number, pin in enumerate(pins.values(), 1):
            try:
                found = find_bytes(pin) if word == "fetched" else load_rows(pin)
                if word == "verified" and not pin.verified:
                    data = find_bytes(pin)
                    out.print(f"{pin.id}: {len(data)} bytes, {len(found)} rows, {sha256(data)}")
            except EvaluatorError as error:
                failures.append(str(error))
            progress(number, len(pins))
    for failure in failures:
        stderr.print(failure)
    total = sum(pin.bytes for pin in pins.values())
    out.print(f"{len(pins) - len(failures)} of {len(pins)} files {word}, {total:,} bytes in all")
    if unseen:
        out.print(f"not verified yet, so not looked at: {', '.join(unseen)}")
    if failures:
        raise typer.Exit(1)
