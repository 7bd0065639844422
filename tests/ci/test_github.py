"""What a job tells GitHub: no text of a stranger becomes a line, a command or markup of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ci.conftest import RUN
from hypothesis import given
from hypothesis import strategies as st
from markdown import markdown

from evaluator.ci.github import (
    add_summary,
    plain,
    read_event,
    run_address,
    set_outputs,
    table,
    warning,
)

HOSTILE = [
    "x\nmeasure=[]",
    "x<<END\nmeasure\nEND",
    "::set-env name=PATH::/evil",
    "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "a | b\n| --- |",
    "[click](javascript:alert(1))",
    "<img src=x onerror=alert(1)>",
    "@board/team please approve",
    "`$(id)`",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_an_output_is_one_line(workflow: Path, text: str) -> None:
    set_outputs(plan=[{"id": text}], after=1)
    lines = (workflow / "GITHUB_OUTPUT").read_text().splitlines()
    assert [line.partition("=")[0] for line in lines] == ["plan", "after"]
    assert json.loads(lines[0].partition("=")[2]) == [{"id": text}]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_warning_is_one_line_and_no_other_command(workflow: Path, text: str) -> None:
    told = warning(f"task: {text}")
    assert "\n" not in told
    assert told.startswith("::warning::task: ")
    assert "\x1b" not in told


@pytest.mark.parametrize("text", HOSTILE)
def test_a_table_shows_text_as_it_is(text: str) -> None:
    html = markdown(table(("a", "b"), [(text, "end")]), extensions=["tables"])
    assert html.count("<tr>") == 2
    for mark in ("<img", "<a ", "<script", "<code>"):
        assert mark not in html
    assert "@board" not in plain(text), "nobody is called by a text"


@given(st.text(max_size=60))
def test_no_text_ever_adds_a_row_or_a_cell(text: str) -> None:
    html = markdown(table(("a", "b"), [(text, "end")]), extensions=["tables"])
    assert (html.count("<tr>"), html.count("<td>")) == (2, 2)


def test_outside_of_a_workflow_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_EVENT_PATH", "GITHUB_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    set_outputs(a=1)
    add_summary("x")
    assert (read_event(), run_address()) == ({}, "")


def test_a_run_has_an_address(workflow: Path) -> None:
    assert run_address() == RUN
