"""A model that has taken over the process it is loaded in, in the middle of the real flow.

Weights are data, so the take-over is played: where the package loads a model, the sandboxed process
runs what an exploit would. What it could reach comes back as the reason of its failed attempts.
Rows 45 to 47 and 50 of the threat model, as a whole workflow meets them.
"""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest

from .conftest import World
from .forge import git

EXPLOIT = """
    import os, pathlib, socket
    reached = []
    def attack(name, step):
        try:
            step()
            reached.append(name)
        except (OSError, KeyError, StopIteration):
            pass
    def connect(host, port):
        socket.create_connection((host, port), 2).close()
    attack("the hub", lambda: connect("127.0.0.1", HUB_PORT))
    attack("the metadata service", lambda: connect("169.254.169.254", 80))
    attack("the token", lambda: os.environ["HF_TOKEN"])
    attack("an Actions variable", lambda: next(n for n in os.environ if n.startswith("GITHUB_")))
    attack("the environment of process 1", lambda: b"GITHUB" in pathlib.Path(
        "/proc/1/environ").read_bytes() or (_ for _ in ()).throw(OSError()))
    attack("the test data", lambda: next(pathlib.Path("DATA").iterdir()))
    attack("the passwords", lambda: pathlib.Path("/etc/shadow").read_bytes())
    attack("the board", lambda: pathlib.Path("BOARD").joinpath("x").write_text("x"))
    attack("another file of this machine", lambda: pathlib.Path("SECRET").read_bytes())
    pathlib.Path("/out/.env").write_text("stolen")
    pathlib.Path("/out/../escaped").exists()
    print("::set-output name=evil::yes")
    raise ModelError(f"took over and reached: {', '.join(reached) or 'nothing'}")
"""


GREEDY = """
    hoard = []
    while True:
        hoard.append(bytearray(2**28))
"""
FORKING = """
    import os, signal
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        try:
            os.fork()
        except OSError:
            pass
"""


def take_over(world: World, attack: str) -> None:
    """Let every model that is loaded on the board run this first."""
    clone = world.forge.clone("exploit")
    path = clone / "evaluator/backends/__init__.py"
    text = path.read_text()
    mark = "    if submission.adapter and adapter is None:\n"
    assert text.count(mark) == 1
    path.write_text(text.replace(mark, attack + mark))
    git("commit", "-qam", "As if weights ran code", cwd=clone)
    git("push", "-q", "origin", "main", cwd=clone)


def attempts(world: World) -> list[dict[str, str]]:
    """Return the attempts at acme/tiny that stand on main."""
    names = world.forge.files("submissions/acme/tiny/attempts/")
    return [json.loads(world.forge.show(name)) for name in names]


def only_attempts_were_added(world: World, before: str) -> bool:
    """Tell whether the commit after a merge holds attempts of one submission and nothing else."""
    words = ("diff", "--name-only", before, "main")
    changed = git("-C", str(world.forge.bare), *words).splitlines()
    return bool(changed) and all(p.startswith("submissions/acme/tiny/attempts/") for p in changed)


def left_running(world: World) -> list[str]:
    """Return command lines of processes that a job has left behind."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if "ci answer acme/tiny" in line and str(world.forge.folder) in line:
            found.append(line)
    return found


@pytest.mark.heavy
def test_a_model_that_takes_over_reaches_nothing(world: World, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "answers").write_text("the right ones")
    secret = tmp_path / "secret"
    secret.write_text("a runner's credentials")
    take_over(
        world,
        EXPLOIT.replace("HUB_PORT", world.hub.url.rsplit(":", 1)[1])
        .replace("DATA", str(data))
        .replace("BOARD", str(world.forge.folder))
        .replace("SECRET", str(secret)),
    )
    run = world.forge.merge(world.submit())["evaluate.yml"]
    assert {attempt["reason"] for attempt in attempts(world)} == {"took over and reached: nothing"}
    assert world.results("acme/tiny") == []
    assert "::set-output" not in run.log
    assert not [path for path in run.artifacts.rglob("*") if path.name == ".env"]
    assert [issue["title"] for issue in world.forge.server.issues] == ["Not measured: acme/tiny"]


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("attack", "state", "reason", "advice"),
    [
        (GREEDY, "failed", "asks for more memory than this board's runner gives it", "supersedes"),
        (FORKING, "timeout", "ran past its time limit and was killed", "SHARD_HOURS"),
    ],
    ids=["memory", "forks"],
)
def test_a_model_that_takes_all_it_can_get_is_ended(
    world: World, attack: str, state: str, reason: str, advice: str
) -> None:
    """Row 45: the job ends, leaves an attempt with its reason, and its people are told."""
    world.forge.vars |= {"MEMORY_GB": "1", "SHARD_HOURS": "0.01"}
    take_over(world, attack)
    opened = world.submit()
    merged = world.forge.merge(opened, play=False)["evaluate.yml"]
    before = world.forge.head()
    run = merged.play()
    assert set(run.results.values()) <= {"success", "skipped"}, run.log
    assert run.results["measure"] == run.results["publish"] == "success"

    found = attempts(world)
    assert len({attempt["task"] for attempt in found}) == len(found) == 4, run.log
    assert {attempt["state"] for attempt in found} == {state}
    assert all(reason in attempt["reason"] for attempt in found)
    assert only_attempts_were_added(world, before), "nothing else of the tree was touched"
    assert left_running(world) == []
    (issue,) = world.forge.server.issues
    assert issue["title"] == "Not measured: acme/tiny"
    assert issue["body"].startswith("@alice: 4 tasks of")
    assert advice in issue["body"]
    assert shows(world.forge.pages / "queue/index.html", reason)
    assert "Traceback" not in run.log


def shows(page: Path, text: str) -> bool:
    """Tell whether a page has a text; no failure prints the whole of it."""
    return text in html.unescape(page.read_text("utf-8"))
