"""How long does a large board take to rank, and do its intervals hold the known truth?

python tests/bench/rank.py [MODELS TASKS ITEMS]      default: 5000 30 80000
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from synthetic import make_tree, true_ranks, true_skills

from evaluator.board.ranking import rank


def peak() -> float:
    """Largest memory of this process so far, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


def main(models: int = 5000, tasks: int = 30, items: int = 80_000) -> int:
    """Print time, memory and coverage; 1 if a limit of the project is broken."""
    rng = np.random.default_rng(1)
    skills = true_skills(models, 0.2, rng)
    start = time.perf_counter()
    tree = make_tree(skills, tasks, items, rng)
    made = time.perf_counter() - start
    start, clock = time.perf_counter(), time.process_time()
    ranking = rank(tree, tree.board.suites["made"])
    seconds, clock = time.perf_counter() - start, time.process_time() - clock
    places = {place.entry.submission.id: place for place in ranking.places}
    found = [places[f"org/m{i:05}"] for i in range(models)]
    best, worst = true_ranks(skills)
    holds = [p.best_rank <= b and w <= p.worst_rank
             for p, b, w in zip(found, best, worst, strict=True)]  # fmt: skip
    width = np.mean([p.worst_rank - p.best_rank + 1 for p in found])
    say(f"{models} models x {tasks} tasks, {items} items, {os.cpu_count()} cores")
    say(f"made in {made:.1f} s; ranked in {seconds:.1f} s ({clock:.1f} s of processor)")
    say(f"peak memory {peak():.2f} GB, the invented board included")
    say(f"{100 * np.mean(holds):.2f} % of models hold their true rank set (nominal 95 %)")
    say(f"mean width {width:.0f} ranks, {ranking.places[-1].tie_group} tie groups")
    return int(seconds > 60 or peak() > 4 or np.mean(holds) < 0.94)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
