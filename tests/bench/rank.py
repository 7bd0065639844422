"""How long does a large board take to rank, and do its intervals hold the known truth?

python tests/bench/rank.py [MODELS TASKS ITEMS BOARDS]      default: 5000 30 80000 300

With the default sizes, what is measured is written into docs/en/ranking.md.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.page import taken, write
from board.test_coverage import DRAWS, ITEMS, MODELS, TASKS, simulate
from synthetic import make_tree, true_ranks, true_skills

from evaluator.board.ranking import rank


def peak() -> float:
    """Largest memory of this process so far, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def rank_large(models: int, tasks: int, items: int) -> tuple[str, bool]:
    """Rank a large board; return (what was measured, whether a limit of the project is broken)."""
    rng = np.random.default_rng(1)
    skills = true_skills(models, 0.2, rng)
    tree = make_tree(skills, tasks, items, rng)
    start, clock = time.perf_counter(), time.process_time()
    ranking = rank(tree, tree.board.suites["made"])
    seconds, clock = time.perf_counter() - start, time.process_time() - clock
    places = {place.entry.submission.id: place for place in ranking.places}
    found = [places[f"org/m{i:05}"] for i in range(models)]
    best, worst = true_ranks(skills)
    holds = [p.best_rank <= b and w <= p.worst_rank
             for p, b, w in zip(found, best, worst, strict=True)]  # fmt: skip
    width = np.mean([p.worst_rank - p.best_rank + 1 for p in found])
    told = (
        f"{models:,} models on {tasks} tasks with {items:,} items in all are ranked in "
        f"{taken(seconds, clock)} with "
        f"{peak():.1f} GB at most, the invented board included; {100 * np.mean(holds):.2f} % of "
        f"the models hold their true rank set, mean width {width:.0f} ranks."
    )
    return told, seconds > 60 or peak() > 4 or float(np.mean(holds)) < 0.94


def coverage_table(boards: int) -> str:
    """Simulate boards with known ranks; return how often each method holds them."""
    named = {
        "ours": "rank intervals of this board",
        "naive bootstrap": f"percentiles of ranks over {DRAWS} redrawn sets of items",
    }
    rows = [
        f"| {named[name]} | {100 * models:.1f} % | {100 * whole:.1f} % | {width:.1f} ranks |"
        for name, (models, whole, width) in simulate(boards).items()
    ]
    return "\n".join([
        f"In {boards} invented boards of {MODELS} models, half of them in groups of ten exactly "
        f"equal ones,\n{TASKS} tasks and {ITEMS:,} items in all, with the true ranks known:\n",
        "| method | models whose interval holds all their true ranks | boards where all do "
        "| mean width |",
        "|---|---|---|---|",
        "| nominal | at least 95 % | no promise | |",
        *rows,
    ])  # fmt: skip


def main(models: int = 5000, tasks: int = 30, items: int = 80_000, boards: int = 300) -> int:
    """Write time, memory and coverage into the docs; 1 if a limit of the project is broken."""
    told, broken = rank_large(models, tasks, items)
    text = f"{coverage_table(boards)}\n\n{told}\n"
    sys.stdout.write(text)
    if (models, tasks, items, boards) == (5000, 30, 80_000, 300):
        write("ranking.md", "make bench-rank", text)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
