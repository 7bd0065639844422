"""What the command line shows: a table that does not fit into a terminal is told row by row."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from evaluator.cli import show

COLUMNS = ("task", "kind", "", "what it measures")
ROWS = [
    ["ag_news", "classification", "!", "Which section news is from."],
    ["cmath", "生成", "", "Sums."],
]


@pytest.mark.parametrize(
    ("console", "told"),
    [
        ({"force_terminal": True, "width": 40},
         "ag_news\n  kind: classification  !\n  what it measures: Which section news is from.\n"
         "cmath\n  kind: 生成  what it measures: Sums.\n"),
        ({"force_terminal": True, "width": 80},
         "task     kind               what it measures\n"
         "ag_news  classification  !  Which section news is from.\n"
         "cmath    生成               Sums.\n"),
        ({"force_terminal": False, "width": 40},
         "task     kind               what it measures\n"
         "ag_news  classification  !  Which section news is from.\n"
         "cmath    生成               Sums.\n"),
    ],
    ids=["a narrow terminal", "a wide one", "a pipe"],
)  # fmt: skip
def test_a_table_is_never_wrapped_by_the_terminal(console, told, monkeypatch):
    text = io.StringIO()
    settings = {"soft_wrap": True, "highlight": False, "markup": False}
    monkeypatch.setattr(show, "out", Console(file=text, **settings, **console))
    show.show_table(COLUMNS, ROWS)
    assert text.getvalue() == told
