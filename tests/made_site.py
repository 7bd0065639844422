"""A board of any size for the site, in memory: ranked data without a file behind it.

python tests/made_site.py TO MODELS PAGES [LANGUAGES]   builds it; PAGES models have a page.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from evaluator.board.cells import Cell
from evaluator.board.publish.every_language import build_languages
from evaluator.board.publish.site import Site, gather
from evaluator.board.ranking import Place, Ranking
from evaluator.board.submissions import read_tree
from evaluator.board.suites import Suite, SuiteTask
from evaluator.board.tree import Entry, Standing, Tree
from evaluator.tasks import load_task, locked_request_set, task_names

ROOT = Path(__file__).parents[1]
SUITE = "core"
LICENCES = ("Apache-2.0", "MIT", "Llama-3.1", "CC-BY-NC-4.0", "Gemma", "other")
TASKS = 30


def suite_of(tasks: list[str]) -> Suite:
    """Return a suite of six areas of five tasks."""
    areas: dict[str, tuple[SuiteTask, ...]] = {}
    for i in range(6):
        part = tasks[i::6]
        areas[f"area-{i}"] = tuple(SuiteTask(task=t, reason="It is invented.") for t in part)
    return Suite(name=SUITE, title="Core", summary="An invented suite.", areas=areas)


def some_tasks() -> list[str]:
    """Return thirty tasks, of those that can be measured."""
    known = [load_task(name) for name in task_names()]
    fits = [t.name for t in known if t.measurable and locked_request_set(t.name)
            and t.primary.best == 1 and t.kind != "ranking"]  # fmt: skip
    return fits[:TASKS]


def made_site(models: int, pages: int) -> Site:
    """Return a site of so many ranked models; the first `pages` of them have a page."""
    source = read_tree(ROOT / "submissions")
    entry = next(e for e in source.entries if e.submission.id == "starter/large")
    tasks = some_tasks()
    suite = suite_of(tasks)
    board = replace(source.board, home=SUITE, suites={SUITE: suite})
    rng = np.random.default_rng(7)
    skills = np.sort(rng.normal(40, 15, models))[::-1]
    places = tuple(
        _place(entry, suite, tasks if i < pages else tasks[:1], i, float(skills[i]), rng)
        for i in range(models)
    )
    tree = Tree(board=board, entries=tuple(place.entry for place in places), decisions=())
    site = gather(ROOT / "submissions", tree, {SUITE: Ranking(suite=suite, places=places,
                  unranked=())}, [], lambda entry: entry)  # fmt: skip
    return replace(site, tree=replace(tree, entries=tree.entries[:pages]))


def _place(
    source: Entry, suite: Suite, shown: list[str], i: int, index: float, rng: np.random.Generator
) -> Place:
    """Return a ranked model; only the tasks that its page shows have a result behind them."""
    family = ("qwen", "llama", "gemma", "mistral", "phi", "olmo")[i % 6]
    name = f"org-{i % 240}/{family}-{i:05}"
    size = int(rng.choice([5e8, 1e9, 3e9, 7e9, 8e9, 13e9, 34e9, 70e9]))
    submission = replace(source.submission, id=name, title=f"{family.title()} {i:05}",
                         organisation=f"Organisation {i % 240}", licence=LICENCES[i % 6],
                         suites=(SUITE,))  # fmt: skip
    values = np.clip(index / 100 + rng.normal(0, 0.08, len(suite.tasks)), 0, 1)
    cells = {
        task: _cell(source, name, task, float(value), size if task in shown else 0)
        for task, value in zip(suite.tasks, values, strict=True)
    }
    results = tuple(cell.standing for cell in cells.values() if cell.standing)
    return Place(
        entry=replace(source, submission=submission, results=results),
        index=index, low=index - 1.1, high=index + 1.1,
        best_rank=max(1, i - 20), worst_rank=i + 20, tie_group=1 + i // 20,
        areas={a: 100 * float(values[5 * k : 5 * k + 5].mean()) for k, a in enumerate(suite.areas)},
        cells=cells,
    )  # fmt: skip


def _cell(source: Entry, name: str, task: str, value: float, size: int) -> Cell:
    """Return a number, with a result of a model of this size behind it; 0: without."""
    number = Cell(state="measured", reason="", value=value, low=value - 0.02, high=value + 0.02,
                  n=200, skill=value)  # fmt: skip
    if not size:
        return number
    model = next(s for s in source.results if s.task == "starter_matching").result
    primary = load_task(task).primary.name
    estimate = {"value": value, "stderr": 0.01, "low": value - 0.02, "high": value + 0.02,
                "n": model["n"], "tier": "items"}  # fmt: skip
    result = model | {
        "submission": name,
        "task": {"name": task, "version": 1},
        "primary": primary,
        "metrics": {primary: estimate},
        "model": model["model"] | {"parameters": size},
        "request_set": model["request_set"] | {"sha256": f"{hash_of(task):064x}"},
    }
    standing = Standing(path=f"{name}/results/{task}/0123456789ab/01234567.json", result=result)
    return replace(number, standing=standing)


def hash_of(text: str) -> int:
    """Return a number that stays the same from run to run."""
    return int.from_bytes(text.encode()[:16], "big")


def main(to: str, models: str, pages: str, languages: str = "en") -> None:
    """Build; print the seconds that it took and the most memory, as JSON."""
    site = made_site(int(models), int(pages))
    start, clock = time.perf_counter(), time.process_time()
    build_languages(ROOT, site, Path(to).resolve(), languages.split(","))
    files = [path for path in Path(to).rglob("*") if path.is_file()]
    sys.stdout.write(json.dumps({
        "seconds": round(time.perf_counter() - start, 1),
        "processor_seconds": round(time.process_time() - clock, 1),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "files": len(files),
        "megabytes": round(sum(path.stat().st_size for path in files) / 1e6, 1),
    }) + "\n")  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
