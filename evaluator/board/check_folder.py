"""The folders of a tree, before any file in them is read: names, places, kinds of files."""

from __future__ import annotations

import re
import stat
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from evaluator.board.submissions import SPECIAL
from evaluator.core.errors import Fault
from evaluator.core.files import LARGEST, PART

NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?")
RESERVED = {"con", "prn", "aux", "nul", *(f"{d}{i}" for d in ("com", "lpt") for i in range(1, 10))}


def entry_folders(root: Path) -> list[str]:
    """Return every <org>/<model> folder, also those that lack a submission.yaml."""
    return sorted(
        f"{path.parent.name}/{path.name}"
        for path in root.glob("*/*")
        if path.is_dir() and path.parent.name not in SPECIAL and not path.name.startswith(".")
    )


def check_name(name: str) -> list[Fault]:
    """Return what keeps a submission's name from being a folder everywhere."""
    faults = []
    for part in name.split("/"):
        if not NAME.fullmatch(part) or part.split(".")[0] in RESERVED:
            message = (
                f"{part!r} cannot name a folder: use a-z, 0-9, '-' and '.', begin and end with a "
                "letter or digit, at most 64 characters"
            )
            faults.append(Fault(name, 0, "", message))
    return faults


def collisions(names: list[str]) -> list[Fault]:
    """Names that some file systems cannot keep apart."""
    seen: dict[str, str] = {}
    faults = []
    for name in names:
        folded = unicodedata.normalize("NFKC", name).casefold()
        if folded in seen:
            faults.append(Fault(name, 0, "", f"cannot be told from {seen[folded]} everywhere"))
        seen[folded] = name
    return faults


def check_files(root: Path, name: str, paths: Sequence[Path]) -> list[Fault]:
    """Return the files below a submission's folder, of all its paths, that have no place there."""
    faults = []
    known = {"submission.yaml", "card.md", "lock.json", "results", "attempts", "weights", "adapter"}
    for path in paths:
        below = path.relative_to(root).as_posix()
        if path.name.startswith(PART):
            faults.append(Fault(below, 0, "", "left behind by a killed process: remove it"))
        elif path.parent == root / name and path.name not in known:
            message = f"not expected here; known: {', '.join(sorted(known))}"
            faults.append(Fault(below, 0, "", message))
    return faults


def unreadable(root: Path, name: str, paths: Sequence[Path]) -> list[Fault]:
    """Return what of a submission must not even be read: links, pipes, files of gigabytes."""
    faults = []
    for path in (root / name, *paths):
        below, facts = path.relative_to(root).as_posix(), path.lstat()
        weights = path.parent in (root / name / "weights", root / name / "adapter")
        if stat.S_ISLNK(facts.st_mode):
            faults.append(Fault(below, 0, "", "a symbolic link: commit the file itself"))
        elif not stat.S_ISREG(facts.st_mode) and not stat.S_ISDIR(facts.st_mode):
            faults.append(Fault(below, 0, "", "not a plain file: commit the file itself"))
        elif stat.S_ISREG(facts.st_mode) and facts.st_size > LARGEST and not weights:
            faults.append(
                Fault(below, 0, "", f"{facts.st_size:,} bytes; at most {LARGEST:,} are read")
            )
    return faults


def check_special(root: Path) -> list[Fault]:
    """Return what has no place in the folders that are no organisation, and folders that are links.

    A link to a folder would bring in what stands outside the tree.
    """
    links = [path.name for path in sorted(root.iterdir()) if path.is_symlink()]
    return [Fault(name, 0, "", "a symbolic link: commit the folder itself") for name in links] + [
        Fault(path.relative_to(root).as_posix(), 0, "", f"{path.parent.name}/ holds files alone")
        for folder in sorted(SPECIAL)
        for path in sorted((root / folder).glob("*"))
        if path.is_dir() or path.is_symlink()
    ]
