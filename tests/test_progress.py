"""Progress: a narrow terminal shows all of it but the bar, and a log gets a line a minute."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from evaluator.cli import progress


@pytest.fixture()
def shown(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What stderr shows on a terminal of 80 columns."""
    text = io.StringIO()
    monkeypatch.setattr(progress, "err", Console(file=text, force_terminal=True, width=80))
    return text


def test_a_terminal_of_80_columns_shows_rate_share_and_time_left_whole(
    shown: io.StringIO,
) -> None:
    with progress.show_progress() as start:
        show = start("starter_classification_erased")
        show(1_000, 56_168)
        show(2_000, 56_168, 0.95)
        show(3_000, 56_168, 0.95)
    last = shown.getvalue().split("starter_classification_erased")[-1]
    assert "3000/56168" in last and "/s" in last and "95 % shared" in last
    assert ":" in last.split("shared")[1] and "…" not in last


@pytest.fixture()
def logged(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What stderr holds where it is no terminal."""
    text = io.StringIO()
    monkeypatch.setattr(progress, "err", Console(file=text, soft_wrap=True, highlight=False))
    return text


def test_a_log_gets_a_line_a_minute_with_rate_share_and_time_left(logged: io.StringIO) -> None:
    clock = iter((100.0, 110.0, 159.0, 200.0, 201.0))
    show = progress.LogLines("mmlu", lambda: next(clock))
    for done in (500, 900, 1_400):
        show(done, 2_500, 0.9)
    assert logged.getvalue() == ""
    for done in (1_500, 1_510):
        show(done, 2_500, 0.944)
    assert logged.getvalue() == "mmlu: 1,500 of 2,500, 10.0/s, 94 % shared, 0:01:40 left\n"


def test_a_log_without_progress_says_no_time_left(logged: io.StringIO) -> None:
    with progress.show_progress() as start:
        assert start is progress.LogLines
    clock = iter((0.0, 60.0))
    show = progress.LogLines("mmlu", lambda: next(clock))
    show(5, 10)
    show(5, 10)
    assert logged.getvalue() == "mmlu: 5 of 10, 0.0/s\n"
