"""Do rank intervals hold the true ranks? Simulated boards, next to the naive bootstrap of ranks.

`make bench-rank` writes the table of docs/en/ranking.md.
"""

from __future__ import annotations

import numpy as np
from bench.page import written
from synthetic import make_tree, true_ranks, true_skills

from evaluator.board.ranking import rank
from evaluator.board.tree import Tree
from evaluator.core import columns
from evaluator.core.records import FloatArray

MODELS, TASKS, ITEMS, TIED = 40, 6, 3000, 0.5
DRAWS = 400
Ends = tuple[FloatArray, FloatArray]


def ours(tree: Tree) -> Ends:
    """Return the (M,) best and worst ranks that the board shows."""
    places = rank(tree, tree.board.suites["made"]).places
    places = sorted(places, key=lambda place: place.entry.submission.id)
    return np.array([p.best_rank for p in places]), np.array([p.worst_rank for p in places])


def naive_bootstrap(tree: Tree, rng: np.random.Generator) -> Ends:
    """Return the 2.5 % and 97.5 % percentiles of a model's rank over redrawn items."""
    suite = tree.board.suites["made"]
    index = np.zeros((DRAWS, MODELS))
    for area in suite.areas.values():
        for task in (entry.task for entry in area):
            found = [entry.by_task[task][0].result for entry in tree.entries]
            n = found[0]["n"]
            right = np.stack(
                [columns.unpack("correct", result["columns"]["correct"], n) for result in found]
            )
            drawn = rng.multinomial(n, np.full(n, 1 / n), size=DRAWS)
            index += drawn @ right.T / n / len(area)
    ranks = 1 + (index[:, None, :] > index[:, :, None]).sum(axis=2)
    low, high = np.percentile(ranks, [2.5, 97.5], axis=0)
    return np.floor(low), np.ceil(high)


def simulate(boards: int, seed: int = 1) -> dict[str, tuple[float, float, float]]:
    """Return method -> (share of models covered, of boards covered as a whole, mean width)."""
    rng = np.random.default_rng(seed)
    held: dict[str, list[FloatArray]] = {"ours": [], "naive bootstrap": []}
    widths: dict[str, list[float]] = {"ours": [], "naive bootstrap": []}
    for _ in range(boards):
        skills = true_skills(MODELS, TIED, rng) / 3
        tree = make_tree(skills, TASKS, ITEMS, rng)
        best, worst = true_ranks(skills)
        ends = {"ours": ours(tree), "naive bootstrap": naive_bootstrap(tree, rng)}
        for name, (low, high) in ends.items():
            held[name].append((low <= best) & (worst <= high))
            widths[name].append(float(np.mean(high - low + 1)))
    return {
        name: (
            float(np.mean(found)),
            float(np.mean([each.all() for each in found])),
            float(np.mean(widths[name])),
        )
        for name, found in held.items()
    }


def test_rank_intervals_hold_the_truth_where_a_naive_bootstrap_does_not():
    found = simulate(15)
    assert found["ours"][0] >= 0.94
    assert found["naive bootstrap"][0] < 0.94
    assert found["ours"][2] < MODELS  # and they still say something


def test_the_docs_tell_what_the_bench_has_measured():
    """Nominal, ours and the naive bootstrap, as `make bench-rank` wrote them."""
    told = written("ranking.md", "make bench-rank")
    rows = [line.split("|")[1:-1] for line in told.split("\n") if line.startswith("| ")]
    names = [row[0].strip().split(" ")[0] for row in rows]
    assert names == ["method", "nominal", "rank", "percentiles"]
    ours, naive = (float(row[1].strip(" %")) for row in rows[2:])
    assert ours >= 94 > naive
    assert f"In 300 invented boards of {MODELS} models" in told
    assert "5,000 models on 30 tasks with 80,000 items" in told
