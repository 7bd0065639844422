"""Row 76: many were here before, and whoever checks has no network.

The fuse of this folder, ten seconds of processor and 300 MB, holds for 10,000 submissions too.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from strangers import MODEL, Row, answer, plant, refused, rows

FAULTY = {
    "crowd000/m00007/notes.txt": "crowd000/m00007/notes.txt: not expected here",
    "Late/comer/submission.yaml": "Late/comer: 'Late' cannot name a folder",
    "late/comer/submission.yaml": "late/comer/card.md: is missing",
}
"""File with a fault -> what is told of it, among others."""


@pytest.fixture(scope="module", params=[500, pytest.param(10_000, marks=pytest.mark.heavy)])
def crowded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A board with so many submissions; it stands outside the fuse, which is for checking."""
    tree = plant(tmp_path_factory.mktemp("crowd") / "submissions")
    honest = tree / MODEL
    for number in range(request.param):
        folder = tree / f"crowd{number // 100:03}" / f"m{number:05}"
        folder.mkdir(parents=True)
        for name in ("submission.yaml", "card.md"):
            os.link(honest / name, folder / name)
    return tree


@rows([
    Row(76, "one submission, as a pull request brings it", (MODEL,), "ok: baseline/random"),
    Row(76, "one of the crowd", ("crowd004/m00499",), "ok: crowd004/m00499"),
    Row(76, "all of them", (), "ok: the whole tree"),
])  # fmt: skip
def test_an_honest_crowd_is_passed_within_the_fuse(crowded, case, capsys):
    paths = [str(crowded / name) for name in case.value]
    code, said = answer(capsys, "check", *paths, "--tree", str(crowded))
    assert code == 0, said


def test_the_faults_of_a_few_are_told_among_them_all(crowded, capsys):
    for name in FAULTY:
        (crowded / name).parent.mkdir(parents=True, exist_ok=True)
        (crowded / name).write_text("schema: 1\n")
    try:
        told = refused(capsys, "check", "--tree", str(crowded))
    finally:
        for name in FAULTY:
            (crowded / name).unlink()
    for said in FAULTY.values():
        assert any(said in line for line in told), said
    shown = f"{crowded}/"
    orgs = [line.removeprefix(shown).split("/")[0] for line in told]
    assert list(dict.fromkeys(orgs)) == ["Late", "crowd000", "late"], "in order, and no other"
