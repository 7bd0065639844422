"""What all tests share: paths, the rule for what a machine may lack, small trees to work on."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_once import ask_once

ROOT = Path(__file__).parents[1]
"""The repository."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with whole commands, servers and browsers: single short tests level the end out."""
    items.sort(key=lambda item: "e2e" not in item.path.parts and item.path.parent != ROOT / "tests")


def pytest_collection_finish() -> None:
    """Leave the modules and tests that are here to stay out of every later look for garbage."""
    gc.freeze()


def need(what: str, present: bool, how: str) -> None:
    """Skip with the reason if the machine lacks something, or fail if REQUIRE names it.

    REQUIRE=data,chromium,bubblewrap is what CI sets: there a skip would hide a missing install.
    """
    if present:
        return
    message = f"no {what} here: {how}"
    if what in os.environ.get("REQUIRE", "").split(","):
        pytest.fail(f"REQUIRE names {what}, but there is {message}")
    pytest.skip(message)


@pytest.fixture(scope="session")
def real_data() -> None:
    """Ask for the pinned benchmark files (EVALUATOR_DATA)."""
    from evaluator.measure.data import data_folders

    present = any((folder / "gsm8k" / "test.jsonl").is_file() for folder in data_folders())
    need("data", present, "set EVALUATOR_DATA to a folder that holds gsm8k/test.jsonl and the rest")


@pytest.fixture()
def tree(tmp_path: Path) -> Path:
    """Return a copy of the repository's submissions that asks each task once."""
    copy = tmp_path / "submissions"
    shutil.copytree(ROOT / "submissions", copy)
    return ask_once(copy)


@pytest.fixture()
def whole_tree(tmp_path: Path) -> Path:
    """Return a copy of the repository's submissions, with what is asked again."""
    copy = tmp_path / "submissions"
    shutil.copytree(ROOT / "submissions", copy)
    return copy


@pytest.fixture(autouse=True)
def same_tree() -> Iterator[None]:
    """Forget the tree that a command worked on: it stands in the environment of this process."""
    before = os.environ.get("EVALUATOR_SUBMISSIONS")
    yield
    os.environ.pop("EVALUATOR_SUBMISSIONS", None)
    if before is not None:
        os.environ["EVALUATOR_SUBMISSIONS"] = before
