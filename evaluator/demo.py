"""The demo: the whole way on this machine, from the starter submissions to a served site.

    python -m evaluator.demo [--no-serve]        # what `make demo` runs

Everything it makes stands below build/demo/; the tree stays as it is.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from evaluator.backends.base import DeviceChoice
from evaluator.board.check import check_tree
from evaluator.board.publish.build import build_site, serve_site
from evaluator.board.ranking import rank
from evaluator.board.reproduce import Reproduction, compare_runs
from evaluator.board.submissions import read_tree
from evaluator.board.tree import Board, Entry
from evaluator.cli.progress import show_progress
from evaluator.cli.show import err, out, show_ranking, show_table
from evaluator.core.errors import DocumentError, EvaluatorError
from evaluator.measure.measurement import Measurer, Settings
from evaluator.measure.result import read_result
from evaluator.measure.settle import Measured
from evaluator.tasks import load_task

REPOSITORY = Path(__file__).parents[1]
SUITE = "starter"


class Stopwatch:
    """Notes how long each step took."""

    def __init__(self) -> None:
        self.laps: list[tuple[str, float]] = []

    @contextlib.contextmanager
    def lap(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        start = time.monotonic()
        yield
        self.laps.append((name, time.monotonic() - start))


def run_demo(repository: Path, home: Path) -> Path:
    """Check, measure, compare, rank and build; return the folder of the built site.

    Args:
        repository: the repository's root.
        home: folder that everything is made in; wiped first.

    Raises:
        EvaluatorError: a step failed, or a committed result was not reproduced.
    """
    watch = Stopwatch()
    submissions = repository / "submissions"
    shutil.rmtree(home, ignore_errors=True)
    with watch.lap("check"):
        faults = check_tree(submissions)
        if faults:
            raise DocumentError(faults)
        tree = read_tree(submissions)
        entries = [entry for entry in tree.entries if SUITE in entry.submission.suites]
        copy_inputs(submissions, home / "submissions", entries)
    reproductions: list[Reproduction] = []
    for entry in entries:
        with watch.lap(f"measure {entry.submission.id}"):
            reproductions += measure_again(submissions, home, entry, tree.board)
    with watch.lap("rank"):
        fresh = read_tree(home / "submissions")
        ranking = rank(fresh, fresh.board.suites[SUITE])
    with watch.lap("build the site"):
        build_site(repository, home / "submissions", home / "site")
    show_ranking(ranking)
    out.print("")
    show_table(("step", "seconds"), [[name, f"{s:.1f}"] for name, s in watch.laps], right=1)
    good = sum(found.holds for found in reproductions)
    flips = sum(found.flips for found in reproductions)
    nats = max((found.nats for found in reproductions), default=0.0)
    out.print(
        f"\n{good} of {len(reproductions)} committed results reproduced, {flips} flips "
        f"(largest difference {nats:.1e} nat)"
    )
    if good < len(reproductions):
        raise EvaluatorError("a committed result was not reproduced on this machine: see above")
    return home / "site"


def copy_inputs(submissions: Path, to: Path, entries: list[Entry]) -> None:
    """Copy the board, what its own tasks ask, and the submissions without their results."""
    to.mkdir(parents=True)
    for name in ("board.yaml", "tasks.lock.json", "tasks.lint.json"):
        if (submissions / name).exists():
            shutil.copy(submissions / name, to)
    for entry in entries:
        name = entry.submission.id
        leave = shutil.ignore_patterns("results", "attempts")
        shutil.copytree(submissions / name, to / name, ignore=leave)


def measure_again(submissions: Path, home: Path, entry: Entry, board: Board) -> list[Reproduction]:
    """Measure one submission anew; compare with each committed result of the same key."""
    settings = Settings(
        out=home / "submissions",
        work=home / "runs",
        keep_below=board.responses_bytes,
        machine=DeviceChoice(),
    )
    name = entry.submission.id
    measurer = Measurer(entry.submission, home / "submissions" / name, settings)
    found = []
    with show_progress() as start:
        for task in board.suites[SUITE].measured:
            fresh = measurer.measure(load_task(task), start(f"{name} {task}"))
            found += compare_with_committed(submissions, entry, fresh)
    return found


def compare_with_committed(submissions: Path, entry: Entry, fresh: Measured) -> list[Reproduction]:
    """Compare one fresh result with every committed one of its key."""
    again = read_result(fresh.path)
    found = []
    for standing in entry.results:
        if standing.result["key"] != again["key"]:
            continue
        compared = compare_runs(submissions / standing.path, standing.result, fresh.path, again)
        found.append(compared)
        if not compared.holds:
            err.print(
                f"{standing.path}: {compared.flips} flips, {compared.texts} texts differ, largest "
                f"difference {compared.nats:.1e} nat"
            )
    return found


def main() -> None:
    """Run the demo; serve the site unless --no-serve is given."""
    try:
        site = run_demo(REPOSITORY, REPOSITORY / "build" / "demo")
        if "--no-serve" in sys.argv[1:]:
            out.print(f"the site: {site}/index.html")
            return
        server = serve_site(site, 0)
    except EvaluatorError as error:
        err.print(str(error))
        sys.exit(1)
    out.print(f"\nthe site: http://127.0.0.1:{server.server_port}/  (Ctrl-C ends it)")
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
