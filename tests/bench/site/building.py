"""Build a large site in a process of its own and watch what it takes.

python tests/bench/site/building.py ROOT TO     ROOT holds submissions/; prints JSON
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]
LANGUAGES = ["en", "zh"]


def measure(home: Path, to: Path) -> dict[str, dict[str, float]]:
    """Read, rank and build in a process of its own; return phase -> what it took."""
    started = subprocess.Popen(
        [sys.executable, __file__, str(home), str(to)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    most = 0.0
    while started.poll() is None:
        most = max(most, memory(started.pid))
        time.sleep(0.5)
    assert started.stdout and started.returncode == 0
    found: dict[str, dict[str, float]] = json.loads(started.stdout.read().splitlines()[-1])
    found["build"]["gigabytes"] = most
    return found


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


def main(home: str, to: str) -> None:
    """Print what reading with ranking took, and what building took."""
    from evaluator.board.publish.every_language import build_languages
    from evaluator.board.publish.site import read_site

    start, clock = time.perf_counter(), processor()
    site = read_site(Path(home) / "submissions")
    read = {
        "seconds": time.perf_counter() - start,
        "processor": processor() - clock,
        "gigabytes": memory(os.getpid()),
    }
    start, clock = time.perf_counter(), processor()
    build_languages(ROOT, site, Path(to), LANGUAGES)
    build = {"seconds": time.perf_counter() - start, "processor": processor() - clock}
    sys.stdout.write(json.dumps({"read": read, "build": build}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
