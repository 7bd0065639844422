"""How long does a large site take to build, how much does it weigh, how fast is its table?

python tests/bench/site [MODELS]      default: 5000; writes docs/en/benchmarks-site.md
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from browsing import browse
from building import ROOT, measure
from made_tree import write_tree

WORK = ROOT / "build/bench-site"
PAGE = ROOT / "docs/en/benchmarks-site.md"
KINDS = {
    "pages of models": "**/models/*/index.html",
    "data of models": "models/*--*.json",
    "items, for comparing": "data/items/*.json",
    "all else": "",
}
TEXT = """# Benchmarks of the site

<!-- Written by `make bench-site`; do not edit. -->

An invented board of {models:,} models with {results:,} result files of thirty tasks, in their real
sizes ({tree:.1f} GB on disk), built in English and Simplified Chinese. Measured at `{commit}`
on {machine} with {cores} cores; load of the machine when it began: {load:.1f}. The board is no git
repository: an audit of its history is measured by `make bench-audit`.

| step | seconds | seconds of processor | peak memory, GB | limit |
| --- | ---: | ---: | ---: | --- |
| read and rank {results:,} result files, cold | {read} | |
| build {models:,} models in two languages | {build} | 60 s, 1 GB |

While it builds, it reads every result a second time, one model at a time, so that memory stays
bounded. Memory is the most that was seen during the step, of the process and those that it forked,
as the kernel shares it out (`Pss`): what they hold together counts once. Building begins with what
reading left.

| what | files | MB |
| --- | ---: | ---: |
{sizes}

GitHub Pages takes 1 GB.

## In a browser

Home of this board in Chromium, 1440 x 900, served from the same machine. *Usable*: the largest
element is painted and every script has run. An act counts until the frame that shows its rows.
Median of five turns for usable, slowest of five for the rest.

| processor | usable | first act, reads the columns | sort | search | clear | preset |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{times}

Limits: usable in 300 ms, and 1,000 ms at a quarter of the speed; sort and filter in 100 ms.

## What is missed

{missed}
"""


def sizes(folder: Path) -> dict[str, tuple[int, float]]:
    """Return kind of file -> (how many, MB)."""
    found: dict[str, tuple[int, float]] = {}
    seen: set[Path] = set()
    for kind, pattern in KINDS.items():
        every = folder.glob(pattern) if pattern else folder.rglob("*")
        files = {path for path in every if path.is_file()} - seen
        seen |= files
        found[kind] = len(files), sum(path.stat().st_size for path in files) / 1e6
    return found | {"**all**": (len(seen), sum(size for _, size in found.values()))}


def missed(build: dict[str, float], size: float, times: dict[int, dict[str, float]]) -> list[str]:
    """Return every limit that was not kept."""
    acts = max(times[1][name] for name in ("sort", "search", "clear", "preset"))
    limits = [
        ("build, seconds", build["seconds"], 60),
        ("build, GB of memory", build["gigabytes"], 1),
        ("size, MB", size, 1000),
        ("usable, ms", times[1]["usable"], 300),
        ("usable at a quarter of the speed, ms", times[4]["usable"], 1000),
        ("slowest of sort and filter, ms", acts, 100),
    ]
    return [f"- {name}: {value:.3g}, limit {limit}" for name, value, limit in limits
            if value > limit]  # fmt: skip


def cost(took: dict[str, float]) -> str:
    """Return the cells of what a step took."""
    return f"{took['seconds']:.0f} | {took['processor']:.0f} | {took['gigabytes']:.2f}"


def main(models: int = 5000) -> int:
    """Write the page; 1 if a limit is broken."""
    shutil.rmtree(WORK, ignore_errors=True)
    load = os.getloadavg()[0]
    results = write_tree(WORK / "submissions", models)
    tree = sum(path.stat().st_size for path in WORK.rglob("*") if path.is_file()) / 1e9
    took = measure(WORK, WORK / "site")
    weights = sizes(WORK / "site")
    times = browse(WORK / "site")
    told = missed(took["build"], weights["**all**"][1], times)
    head = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(head, cwd=ROOT, capture_output=True, text=True, check=True)
    PAGE.write_text(
        TEXT.format(
            models=models,
            results=results,
            tree=tree,
            commit=commit.stdout.strip(),
            machine=platform.machine(),
            cores=os.cpu_count(),
            load=load,
            **{step: cost(found) for step, found in took.items()},
            sizes="\n".join(f"| {k} | {n:,} | {size:,.0f} |" for k, (n, size) in weights.items()),
            times="\n".join(
                f"| {'as it is' if rate == 1 else f'{rate} times slower'} | "
                + " | ".join(f"{value:.0f} ms" for value in found.values()) + " |"
                for rate, found in times.items()
            ),
            missed="\n".join(told) or "Nothing.",
        ),
        "utf-8",
    )  # fmt: skip
    shutil.rmtree(WORK)
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n" + "".join(f"{line}\n" for line in told))
    return int(bool(told))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
