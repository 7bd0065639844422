"""Build a large site in a process of its own and watch what it takes.

python tests/bench/site/building.py ROOT TO     ROOT holds submissions/; writes ROOT/<step>.json
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[3]
LANGUAGES = ["en", "zh"]
STEPS = ("read", "build")
T = TypeVar("T")


def measure(home: Path, to: Path) -> dict[str, dict[str, float]]:
    """Read, rank and build in a process of its own; return step -> what it took.

    Memory is the most that was seen during a step: the second one begins with what the first left.
    """
    started = subprocess.Popen(
        [sys.executable, __file__, str(home), str(to)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
    )
    most = dict.fromkeys(STEPS, 0.0)
    while started.poll() is None:
        step = next((step for step in STEPS if not (home / f"{step}.json").exists()), STEPS[-1])
        most[step] = max(most[step], memory(started.pid))
        time.sleep(1)  # looking takes 0.1 s of a processor that the build would have
    assert started.returncode == 0
    return {
        step: json.loads((home / f"{step}.json").read_text()) | {"gigabytes": most[step]}
        for step in STEPS
    }


def memory(process: int) -> float:
    """Return the memory of a process and those that it forked, in GB; shared pages count once."""
    total = 0
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False
    )
    for pid in (str(process), *children.stdout.split()):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:  # it has ended
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total * 1024 / 1e9


def processor() -> float:
    """Return seconds of processor time of this process and of those that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def timed(path: Path, step: Callable[[], T]) -> T:
    """Do a step; write what it took to a file."""
    start, clock = time.perf_counter(), processor()
    done = step()
    took = {"seconds": time.perf_counter() - start, "processor": processor() - clock}
    path.write_text(json.dumps(took))
    return done


def main(home: str, to: str) -> None:
    """Read and rank, then build."""
    from evaluator.board.publish.every_language import build_languages
    from evaluator.board.publish.site import read_site

    root = Path(home)
    site = timed(root / "read.json", lambda: read_site(root / "submissions"))
    timed(root / "build.json", lambda: build_languages(ROOT, site, Path(to), LANGUAGES))


if __name__ == "__main__":
    main(*sys.argv[1:])
