"""Hostile input: what every test here is held to.

Ten seconds of processor and 300 MB at most, whatever comes in; never a traceback. The limits are
those of this process, so nothing is started for a case and each takes milliseconds.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from strangers import plant

SECONDS = 10
MEGABYTES = 300


class Hangs(BaseException):
    """Raised in whatever still runs when the time is up; no `except Exception` catches it."""


def megabytes(what: str) -> float:
    """A line of /proc/self/status: VmRSS now, VmHWM the most since the last reset."""
    status = Path("/proc/self/status").read_text()
    return float(status.split(f"{what}:")[1].split()[0]) / 1024


@pytest.fixture(autouse=True)
def fuse() -> Iterator[None]:
    """End a test that computes for too long, fail one that takes too much memory."""

    def stop(*_: object) -> NoReturn:
        raise Hangs(f"more than {SECONDS} s")

    Path("/proc/self/clear_refs").write_text("5")  # forget the most there was
    before = megabytes("VmRSS")
    old = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, old)
    assert megabytes("VmHWM") - before < MEGABYTES


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here may reach for the network."""

    def refuse(self: socket.socket, address: object) -> NoReturn:
        raise AssertionError(f"a connection to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture()
def board(tmp_path: Path) -> Path:
    """A tree with one honest submission that was never measured."""
    return plant(tmp_path / "submissions")
