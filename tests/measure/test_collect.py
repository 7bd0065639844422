"""Nothing but expected plain files leaves a folder that an untrusted process has written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import need

from evaluator.core.errors import RunError
from evaluator.measure import collect as collecting
from evaluator.measure.collect import collect

EXPECTED = r"[a-z]+/journal\.jsonl"


@pytest.fixture()
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    (folder / "task").mkdir(parents=True)
    (folder / "task" / "journal.jsonl").write_text("answers\n")
    return folder


def take(source: Path, most: int = 1000) -> collecting.Collected:
    return collect(source, source.parent / "taken", EXPECTED, most)


def test_expected_files_are_copied_and_the_rest_is_counted(source: Path) -> None:
    """Row 49: what nobody expects stays where it is."""
    (source / ".env").write_text("TOKEN=x")
    (source / "task" / "notes.txt").write_text("no")
    found = take(source)
    assert (found.taken, found.left) == (("task/journal.jsonl",), 2)
    assert (source.parent / "taken/task/journal.jsonl").read_text() == "answers\n"
    assert [p.name for p in (source.parent / "taken").rglob("*") if p.is_file()] == [
        "journal.jsonl"
    ]


def swap(source: Path, make: str) -> None:
    """Put something else where the journal should be."""
    secret = source.parent / "secret"
    secret.write_text("password")
    path = source / "task" / "journal.jsonl"
    path.unlink()
    if make == "symlink":
        path.symlink_to(secret)
    elif make == "hardlink":
        os.link(secret, path)
    elif make == "fifo":
        os.mkfifo(path)
    elif make == "sparse":
        with path.open("wb") as file:
            file.truncate(10**12)
    elif make == "linked folder":
        real = source.parent / "elsewhere"
        real.mkdir()
        (real / "journal.jsonl").write_text("password")
        (source / "task").rmdir()
        (source / "task").symlink_to(real)


@pytest.mark.parametrize("make", ["symlink", "hardlink", "fifo", "sparse"])
def test_what_is_no_plain_file_of_its_own_is_refused(source: Path, make: str) -> None:
    """Row 48: a link, a second name, a pipe, a sparse terabyte."""
    swap(source, make)
    with pytest.raises(RunError, match="journal"):
        take(source)
    assert not (source.parent / "taken").exists() or not any(
        path.is_file() for path in (source.parent / "taken").rglob("*")
    )


def test_a_device_is_refused(source: Path) -> None:
    """Row 48: a device."""
    need("root", os.geteuid() == 0, "only root can make a device")
    path = source / "task" / "journal.jsonl"
    path.unlink()
    os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))
    with pytest.raises(RunError, match=r"journal\.jsonl"):
        take(source)


def test_a_linked_folder_is_not_entered(source: Path) -> None:
    """Row 48: a link to a folder."""
    swap(source, "linked folder")
    found = take(source)
    assert (found.taken, found.left) == ((), 1)


def test_a_folder_in_place_of_a_file_holds_nothing(source: Path) -> None:
    """Row 48: a folder."""
    (source / "task" / "journal.jsonl").unlink()
    (source / "task" / "journal.jsonl").mkdir()
    assert take(source).taken == ()


def test_all_files_together_stay_below_the_cap(source: Path) -> None:
    for name in ("a", "b"):
        (source / name).mkdir()
        (source / name / "journal.jsonl").write_text("x" * 600)
    with pytest.raises(RunError, match="at most"):
        take(source)


def test_a_flood_of_names_ends_the_look(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 49: a million files."""
    monkeypatch.setattr(collecting, "MAX_LOOKED_AT", 50)
    for i in range(60):
        (source / f"f{i}").touch()
    with pytest.raises(RunError, match="more than 50"):
        take(source)
