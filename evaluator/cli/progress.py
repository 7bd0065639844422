"""What the command line shows while something takes long: bars on a terminal, lines in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from evaluator.cli.show import err

LOG_SECONDS = 60.0
"""Time between two lines of a log."""


class Show(Protocol):
    """Shows how far something is."""

    def __call__(self, done: int, total: int, saved: float = 0.0) -> None:
        """Take how many are done of how many, and the share of tokens saved."""


@contextmanager
def show_progress() -> Iterator[Callable[[str], Show]]:
    """Yield a function: label -> what shows its progress on stderr.

    On a terminal each label has a bar of its own; elsewhere a line a minute tells the same.
    """
    if not err.is_terminal:
        yield LogLines
        return
    whole = Column(no_wrap=True)  # only the bar gives way where the terminal is narrow
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(table_column=whole),
        Rate(table_column=whole),
        TextColumn("{task.fields[saved]}"),
        TimeRemainingColumn(table_column=whole),
    )
    with Progress(*columns, console=err, transient=True) as bars:
        yield lambda label: _bar(bars, label)


class Rate(ProgressColumn):
    """How many are done in a second."""

    def render(self, task: Task) -> Text:
        """Return the rate; nothing before the first is done."""
        return Text(f"{task.speed:.1f}/s" if task.speed else "")


def _bar(bars: Progress, label: str) -> Show:
    bar = bars.add_task(label, total=None, saved="")

    def show(done: int, total: int, saved: float = 0.0) -> None:
        if bars.tasks[bars.task_ids.index(bar)].total is None:
            # what stood there before is no part of the rate
            bars.reset(bar, completed=done, total=total)
        bars.update(bar, completed=done, saved=_shared(saved))

    return show


def _shared(saved: float) -> str:
    return f"{100 * saved:.0f} % shared" if saved else ""


class LogLines:
    """Tells in a log how far one thing is: a run of hours is seen to go on."""

    def __init__(self, label: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._label = label
        self._clock = clock
        self._stood: int | None = None
        self._began = self._told = 0.0

    def __call__(self, done: int, total: int, saved: float = 0.0) -> None:
        """Print a line, unless the last one is less than a minute old."""
        now = self._clock()
        if self._stood is None:  # what stood there before is no part of the rate
            self._stood, self._began, self._told = done, now, now
        elif now - self._told >= LOG_SECONDS:
            self._told = now
            rate = (done - self._stood) / (now - self._began)
            left = f"{timedelta(seconds=round((total - done) / rate))} left" if rate else ""
            parts = (f"{done:,} of {total:,}", f"{rate:.1f}/s", _shared(saved), left)
            err.print(f"{self._label}: {', '.join(filter(None, parts))}")
