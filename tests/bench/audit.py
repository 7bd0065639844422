"""How long does the audit of a large honest board take?

python tests/bench/audit.py [RESULTS]      default: 2000
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from made_board import allow_signer, commit, copy, git, sign

from evaluator.board.audit import audit

MODEL = "baseline/random"
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


def main(results: int = 2000) -> int:
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
    sys.stdout.write(
        f"{len(found.results)} results, {found.commits} commits, followed from {', '.join(tiers)}\n"
        f"made in {made:.1f} s; audited in {seconds:.1f} s ({clock:.1f} s of processor), "
        f"{len(found.findings)} findings; peak memory {peak:.2f} GB\n"
    )
    return int(seconds > LIMIT or bool(found.findings))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
