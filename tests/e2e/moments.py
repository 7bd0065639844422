"""Kill a step at random moments, look at what it left, let it run again.

    python moments.py run|score|publish|site COUNT SEED FOLDER

One process that has everything imported forks for each try, so that a try takes as long as the step
itself; what the step starts, git or MkDocs, is a process of its own and is killed with it. A step
that ended before its kill is no try. The moment is drawn from what the step took of late: a machine
is not as fast all the time. Ends with 1 and a sentence at the first thing that must not
be; prints how many were killed.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

from evaluator.board.check import check_tree
from evaluator.board.history import run_git
from evaluator.cli import main
from evaluator.core.files import PART, canonical_bytes, parse_json

ROOT = Path(__file__).parents[2]
MODEL = "baseline/random"
Step = tuple[str, ...]


def words_of(what: str, home: Path) -> Step:
    tree = home / "submissions"
    return {
        "run": ("run", str(tree / MODEL), "--task", "starter_choice"),
        "score": ("score", "--tree", str(tree)),
        "publish": ("ci", "publish", MODEL, "--handed", str(home / "handed"), "--tree", str(tree),
                    "--push"),
        "site": ("site", "build", "--tree", str(tree), "--to", str(home / "build/site")),
    }[what]  # fmt: skip


def prepare(what: str, home: Path) -> None:
    """Lay out a tree in which the step has something to do."""
    shutil.rmtree(home, ignore_errors=True)
    left_out = {"run": ("starter", "results"), "score": ("starter",), "publish": ("starter",)}
    home.mkdir(parents=True)
    ignored = shutil.ignore_patterns(*left_out.get(what, ()))
    shutil.copytree(ROOT / "submissions", home / "submissions", ignore=ignored)
    if what == "score":
        decide = ("decide", "rescore", MODEL, "--by", "ada", "--reason", "to be scored once more")
        done(fork((*decide, "--tree", str(home / "submissions")), home))
    if what == "publish":
        hand_over(home)


def hand_over(home: Path) -> None:
    """Take a model's results off the board, and put the rest into git with somewhere to push."""
    results = home / "submissions" / MODEL / "results"
    shutil.move(results, home / f"handed/{MODEL.replace('/', '_')}@scored@1" / MODEL / "results")
    who = ("-c", "user.name=Tester", "-c", "user.email=tester@example.invalid")
    run_git(home, "init", "-q", "-b", "main")
    run_git(home, "add", "submissions")
    run_git(home, *who, "commit", "-qm", "As if it had never been measured")
    run_git(home, "clone", "-q", "--bare", ".", "origin.git")
    run_git(home, "remote", "add", "origin", "origin.git")


def fork(words: Step, home: Path, log: Path | None = None) -> int:
    """Begin a command in a process group of its own; return its id."""
    child = os.fork()
    if child:
        return child
    os.setpgid(0, 0)
    os.chdir(ROOT if words[0] == "site" else home)
    said = os.open(log or home / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.argv = ["evaluator", *words]
    code = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        os._exit(code)


def done(child: int) -> None:
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code == 0, f"the step ended with {code}"


def kill(child: int, after: float) -> bool:
    """Kill the step with all that it started; tell whether it was still at work."""
    time.sleep(after)
    ended = os.waitpid(child, os.WNOHANG)[0] == child
    if ended:
        return False
    os.killpg(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def visible(tree: Path) -> dict[str, Path]:
    """What any reader or `git add` would take for a file of the board."""
    return {
        path.relative_to(tree).as_posix(): path
        for path in tree.rglob("*")
        if path.is_file() and not path.name.startswith(PART)
    }


def look(tree: Path) -> None:
    """Whatever stands there must be whole: no fault, each JSON file readable to its end."""
    for path in visible(tree).values():
        if path.suffix == ".json":
            parse_json(path.read_bytes())
    faults = [fault for fault in check_tree(tree) if "left behind" not in fault.message]
    assert not faults, faults[0]


def unlock(home: Path) -> None:
    """Remove the locks of a git that was killed, as git itself tells whoever comes next to do."""
    for lock in (home / ".git").rglob("*.lock"):
        lock.unlink()


def stable(home: Path, what: str) -> dict[str, bytes]:
    """What the step makes, without what varies from run to run."""
    if what == "publish":
        return {
            "pushed": run_git(home / "origin.git", "ls-tree", "-r", "main"),
            "left": run_git(home, "status", "--porcelain", "submissions"),
        }
    if what == "site":
        return {name: path.read_bytes() for name, path in visible(home / "build/site").items()}
    found = {}
    for name, path in visible(home / "submissions").items():
        if "/attempts/" in name:
            continue
        data = path.read_bytes()
        if "/results/" in name and path.suffix == ".json":
            data = canonical_bytes({**json.loads(data), "run": None})
        found[name] = data
    return {name: data for name, data in found.items() if not name.startswith("decisions/")}


def kill_once(what: str, home: Path, after: float) -> bool:
    """Kill the step at a moment; it must leave nothing half. Tell whether it was still at work."""
    prepare(what, home)
    killed = kill(fork(words_of(what, home), home), after)
    look(home / "submissions")
    unlock(home)
    return killed


def whole(what: str, home: Path) -> float:
    """Run the step undisturbed; return how many seconds it takes."""
    start = time.monotonic()
    done(fork(words_of(what, home), home))
    return time.monotonic() - start


def compare(home: Path, what: str, wanted: dict[str, bytes]) -> None:
    """The repeat of a killed step must have made all that an undisturbed one makes."""
    made = stable(home, what)
    other = [name for name in sorted(made.keys() | wanted) if made.get(name) != wanted.get(name)]
    assert not other, f"the repeat made something else of {len(other)} files, first {other[0]}"
    parts = [path for path in home.rglob(f"{PART}*") if "submissions" in path.parts]
    assert not parts, f"left behind: {parts[0]}"


def kill_at_moments(what: str, count: str, seed: str, folder: str) -> int:
    home, draw = Path(folder).resolve() / "home", random.Random(int(seed))
    importlib.import_module("evaluator.ci.publish")  # so that no try waits until it is read
    for _ in range(2):  # the first one also reads everything from the disk
        prepare(what, home)
        seconds = whole(what, home)
    wanted = stable(home, what)
    killed = tries = 0
    while killed < int(count):
        after = draw.uniform(0, seconds)
        tries += 1
        try:
            in_time = kill_once(what, home, after)
            repeat = whole(what, home)
            compare(home, what, wanted)
        except AssertionError as error:
            sys.stderr.write(f"try {tries}, killed after {after:.3f} s: {error}\n")
            return 1
        killed += in_time
        seconds = max(seconds, repeat) if in_time else after
        if tries > 4 * int(count):
            sys.stderr.write(f"only {killed} of {tries} were still at work when they were killed\n")
            return 1
    sys.stdout.write(f"{killed} killed in {tries} tries of {seconds:.2f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(kill_at_moments(*sys.argv[1:]))
