"""Ctrl-C while a run goes on: it always stops, and says that nothing is lost."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from evaluator.cli.progress import Show
from evaluator.cli.show import err


@contextmanager
def stoppable() -> Iterator[Callable[[Show], Show]]:
    """Tell whoever stops a run that nothing is lost; yield what wraps the progress of a task.

    Python drops an interrupt that falls into a finaliser, of which libraries have many: it is
    raised once more when the next step is shown. Where interrupts are ignored, they stay so.
    """
    pressed = False

    def press(number: int, frame: object) -> None:
        nonlocal pressed
        pressed = True
        raise KeyboardInterrupt

    def until_stopped(show: Show) -> Show:
        def step(done: int, total: int, saved: float = 0.0) -> None:
            if pressed:
                raise KeyboardInterrupt
            show(done, total, saved)

        return step

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, press)
    try:
        yield until_stopped
    except KeyboardInterrupt:
        err.print("stopped; the same command goes on where it was")
        raise
    finally:
        signal.signal(signal.SIGINT, before)
