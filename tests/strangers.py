"""What a stranger sends, and how a command answers: for the tests of hostile input."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT
from made_once import ask_once

from evaluator.cli import main

MODEL = "baseline/random"
DECLARED = (ROOT / "submissions" / MODEL / "submission.yaml").read_text()
HUB = """\
schema: 1
title: From the hub
organisation: Someone
model:
  kind: causal
  repo: someone/something
  revision: 0123456789abcdef0123456789abcdef01234567
  dtype: float32
  chat_template: none
licence: Apache-2.0
training_data: Unknown.
suites: [starter]
maintainers: [someone]
"""


@dataclass(frozen=True)
class Row:
    """One row of the table of attacks, or one case of it."""

    number: int
    """Row of the table in the threat model."""
    what: str
    """What is sent."""
    value: object
    """The bytes, name or address."""
    reason: str
    """What the answer must say."""


def rows(cases: Sequence[Row]) -> pytest.MarkDecorator:
    """Run a test for each case, named by its row."""
    return pytest.mark.parametrize("case", cases, ids=lambda row: f"{row.number}: {row.what}")


def plant(tree: Path) -> Path:
    """Write a tree with a board and one submission."""
    shutil.copytree(
        ROOT / "submissions" / MODEL, tree / MODEL, ignore=shutil.ignore_patterns("results")
    )
    shutil.copy(ROOT / "submissions/board.yaml", tree)
    ask_once(tree)
    return tree


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Run a command that must refuse: exit code 1, one line for each fault. Return the lines."""
    code, said = answer(capsys, *words)
    assert code == 1, said
    *lines, count = said.rstrip("\n").split("\n")
    assert count == f"{len(lines)} fault{'' if len(lines) == 1 else 's'}", said
    assert all(": " in line and line.isprintable() and len(line) < 2000 for line in lines), said
    return lines


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run a command in this process; return its exit code and what it said on stderr."""
    before, sys.argv = sys.argv, ["evaluator", *words]
    try:
        main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.argv = before
    return code, capsys.readouterr().err
