"""Puts what a bench has measured where a page of the docs tells it."""

from __future__ import annotations

import os
from pathlib import Path

PAGES = Path(__file__).parents[2] / "docs/en"


def marks(command: str) -> tuple[str, str]:
    """Return what stands before and after the text that a command writes."""
    return f"<!-- `{command}` writes this -->\n", f"<!-- end of `{command}` -->\n"


def written(page: str, command: str) -> str:
    """Return the text of a page that a command has written."""
    begin, end = marks(command)
    return (PAGES / page).read_text("utf-8").split(begin)[1].split(end)[0]


def write(page: str, command: str, text: str) -> None:
    """Put a text in place of what the command wrote before."""
    begin, end = marks(command)
    before, rest = (PAGES / page).read_text("utf-8").split(begin)
    after = rest.split(end)[1]
    (PAGES / page).write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def taken(seconds: float, clock: float) -> str:
    """Return how long something took, and whether the machine had other work to do."""
    busy = ", beside other work" if seconds > 1.5 * clock else ""
    return f"{seconds:.0f} s ({clock:.0f} s of processor{busy}, {os.cpu_count()} cores)"
