"""Ctrl-C while a run goes on, wherever it falls."""

from __future__ import annotations

import signal

import pytest

from evaluator.cli.stopping import stoppable


class Finalised:
    """What a library leaves to be cleared away, at the moment of Ctrl-C."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_falls_into_a_finaliser_stops_at_the_next_step(capfd) -> None:
    before, seen = signal.getsignal(signal.SIGINT), []
    with pytest.raises(KeyboardInterrupt), stoppable() as until_stopped:
        show = until_stopped(lambda done, total, saved=0.0: seen.append(done))
        show(1, 3)
        Finalised()  # nobody holds it: it is cleared away at once, and Python drops the interrupt
        seen.append("dropped")
        show(2, 3)
    assert seen == [1, "dropped"]
    assert "stopped; the same command goes on where it was\n" in capfd.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before


def test_interrupts_that_are_ignored_stay_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stoppable():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
