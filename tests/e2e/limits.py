"""What the commands do on a full disk and in a tree that cannot be written to; runs in bubblewrap.

    python limits.py full FOLDER ASIDE        FOLDER is a small tmpfs
    python limits.py sealed FOLDER ASIDE      FOLDER holds a tree and is mounted read-only

Each first proves that its limit bites. Prints what must not be, one line each, and ends with 1
then. What the commands say is kept in the folder ASIDE.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from pathlib import Path

from moments import MODEL, fork, look

ROOT = Path(__file__).parents[2]
FREE = (0, 4, 12, 32, 64)
"""kB that are left of the disk when a run begins: each stops it somewhere else."""


def outcome(home: Path, aside: Path, *words: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it said."""
    log = aside / "log"
    log.unlink(missing_ok=True)
    code = os.waitstatus_to_exitcode(os.waitpid(fork(words, home, log), 0)[1])
    return code, log.read_text()


def fill(path: Path, leave: int) -> None:
    """Fill the disk up to some kB; the write that finds no room proves that the disk is small."""
    with path.open("wb", buffering=0) as file:
        try:
            for _ in range(64 * 1024):
                file.write(b"x" * 4096)
        except OSError as error:
            assert error.errno == errno.ENOSPC, error
        else:
            raise AssertionError("the disk took 256 MB: the limit does not bite")
        file.truncate(path.stat().st_size - leave * 1024)


def lay_out(folder: Path) -> None:
    """Write a tree with one model that was never measured."""
    shutil.rmtree(folder / "build", ignore_errors=True)
    shutil.rmtree(folder / "submissions", ignore_errors=True)
    model = ROOT / "submissions" / MODEL
    target = folder / "submissions" / MODEL
    shutil.copytree(model, target, ignore=shutil.ignore_patterns("results"))
    for name in ("board.yaml", "tasks.lock.json"):
        shutil.copy(ROOT / "submissions" / name, folder / "submissions")


def full(folder: Path, aside: Path) -> list[str]:
    """With too little room: a sentence, and nothing half-written; with room again it ends well."""
    told = []
    words = ("run", str(folder / "submissions" / MODEL), "--task", "starter_choice")
    for leave in FREE:
        lay_out(folder)
        fill(folder / "filler", leave)
        code, said = outcome(folder, aside, *words)
        look(folder / "submissions")
        if code != 1 or "cannot be written: No space left on device" not in said:
            told.append(f"with {leave} kB: exit code {code}, said {said!r}")
        if "Traceback" in said:
            told.append(f"with {leave} kB: a traceback")
        (folder / "filler").unlink()
        code, said = outcome(folder, aside, *words)
        look(folder / "submissions")
        if code or len(list(folder.glob(f"submissions/{MODEL}/results/*/*/*.json"))) != 1:
            told.append(f"after {leave} kB, with room again: exit code {code}, said {said!r}")
    return told


def sealed(folder: Path, aside: Path) -> list[str]:
    """What reads must work, what writes must say that it cannot."""
    try:
        (folder / "proof").touch()
    except OSError as error:
        assert error.errno == errno.EROFS, error
    else:
        raise AssertionError("the folder can be written to: the limit does not bite")
    tree = folder / "submissions"
    told = []
    for words in (("check", "--tree"), ("plan", "--tree"), ("rank", "--tree"), ("audit", "--tree")):
        code, said = outcome(aside, aside, *words, str(tree))
        if code:
            told.append(f"{words[0]}: exit code {code}, said {said!r}")
    decide = ("decide", "annotate", MODEL, "--by", "ada", "--reason", "to be told beside it")
    run = ("run", str(tree / MODEL), "--task", "starter_choice")
    for words in (run, (*decide, "--tree", str(tree))):
        code, said = outcome(aside, aside, *words)
        if code != 1 or "cannot be written: Read-only file system" not in said:
            told.append(f"{words[0]}: exit code {code}, said {said!r}")
        if "Traceback" in said:
            told.append(f"{words[0]}: a traceback")
    return told


if __name__ == "__main__":
    faults = {"full": full, "sealed": sealed}[sys.argv[1]](*map(Path, sys.argv[2:]))
    sys.stdout.write("".join(f"{fault}\n" for fault in faults))
    sys.exit(bool(faults))
