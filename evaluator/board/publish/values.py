"""How single values are written: numbers, letters, cells of a table, lists in a sentence."""

from __future__ import annotations

import re

from evaluator.board.publish.words import FIRST
from evaluator.board.tree import Board
from evaluator.core.files import Json

GITHUB = re.compile(r"https://github\.com/([^/]+)/([^/]+)")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DANGEROUS_CELL = tuple("=+-@\t\r\0＝＋－＠")
"""A table program may run a cell that begins with one of these."""


def slug(submission: str) -> str:
    """Return the address of a model: `<org>--<model>`."""
    return submission.replace("/", "--")


def tie_letter(number: int) -> str:
    """Return A for the first tie group, ..., Z, AA, AB, ..."""
    name = ""
    while number > 0:
        number, rest = divmod(number - 1, len(LETTERS))
        name = LETTERS[rest] + name
    return name


def rounded(value: float, digits: int = 6) -> float | None:
    """Return a number for download; None for one that does not exist."""
    return None if value != value else round(value, digits)


def safe_cell(value: Json) -> Json:
    """Put ' before text that a table program might run as a formula."""
    if isinstance(value, str) and value.startswith(DANGEROUS_CELL):
        return "'" + value
    return value


def address_of(board: Board, language: str = FIRST) -> str:
    """Return where GitHub Pages serves a public board in a language, '' for any other board."""
    found = GITHUB.fullmatch(board.repository)
    if not board.public or not found:
        return ""
    root = f"https://{found[1].lower()}.github.io/{found[2]}/"
    return root if language == FIRST else f"{root}{language}/"
