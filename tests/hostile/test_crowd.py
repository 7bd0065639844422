"""Row 76: many were here before, and whoever checks has no network."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from strangers import MODEL, answer, plant

pytestmark = pytest.mark.heavy
CROWD = 10_000


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A board with 10,000 submissions; it stands outside the fuse, which is for checking."""
    tree = plant(tmp_path_factory.mktemp("crowd") / "submissions")
    honest = tree / MODEL
    for number in range(CROWD):
        folder = tree / f"crowd{number // 100:03}" / f"m{number:05}"
        folder.mkdir(parents=True)
        for name in ("submission.yaml", "card.md"):
            os.link(honest / name, folder / name)
    return tree


def test_a_submission_is_checked_as_soon_as_on_an_empty_board(crowded, capsys):
    start = time.process_time()
    first = answer(capsys, "check", str(crowded / MODEL))
    assert first == answer(capsys, "check", str(crowded / MODEL))
    assert first[0] == 0, first
    assert time.process_time() - start < 10


def test_a_fault_is_told_among_them_all(crowded, capsys):
    folder = crowded / "late/comer"
    folder.mkdir(parents=True)
    (folder / "submission.yaml").write_text("schema: 1\n")
    code, said = answer(capsys, "check", str(folder))
    assert code == 1 and "late/comer/card.md" in said
