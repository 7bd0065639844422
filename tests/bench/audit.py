"""How long does the audit of a large honest board take?

python tests/bench/audit.py [RESULTS]      default: 2000

With the default size, what is measured is written into docs/en/audit.md.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.page import taken, write
from made_board import allow_signer, commit, copy, git, sign

from evaluator.board.audit import audit

MODEL = "baseline/random"
RESULTS = 2000
LIMIT = 60
"""Seconds that the project promises."""


def make_board(repository: Path, models: int) -> None:
    """Write a board of copies of one model, each with a commit of its own and signed results."""
    git(repository.parent, "init", "-q", "-b", "main", str(repository))
    copy(repository, "board.yaml", MODEL)
    allow_signer(repository)
    commit(repository, "Open the board")
    tree = repository / "submissions"
    for number in range(models):
        name = f"made/m{number:04}"
        shutil.copytree(tree / MODEL, tree / name)
        for path in (tree / name).glob("results/*/*/*.json"):
            path.write_text(path.read_text().replace(MODEL, name))
        sign(repository, name)
        commit(repository, f"Add results of {name}")


def main(results: int = RESULTS) -> int:
    """Print time and memory; 1 if the limit is broken or anything was found."""
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder) / "board"
        repository.mkdir()
        start = time.perf_counter()
        make_board(repository, results // 4)
        made = time.perf_counter() - start
        start, clock = time.perf_counter(), time.process_time()
        found = audit(repository / "submissions")
        seconds, clock = time.perf_counter() - start, time.process_time() - clock
    tiers = sorted({row.recomputed.tier for row in found.results})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    told = (
        f"{len(found.results):,} results in {found.commits:,} commits, followed from "
        f"{', '.join(tiers)}, are audited in {taken(seconds, clock)} "
        f"with {peak:.1f} GB at most.\n"
    )
    sys.stdout.write(f"made in {made:.1f} s\n{told}{len(found.findings)} findings\n")
    if results == RESULTS:
        write("audit.md", "make bench-audit", told)
    return int(seconds > LIMIT or bool(found.findings))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
