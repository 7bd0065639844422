"""A model that has taken over the process it is loaded in, in the middle of the real flow.

Weights are data, so the take-over is played: where the package loads a model, the sandboxed process
runs what an exploit would. What it could reach comes back as the reason of its failed attempts.
"""

from __future__ import annotations

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


@pytest.mark.heavy
def test_a_model_that_takes_over_reaches_nothing(world: World, tmp_path: Path) -> None:
    clone = world.forge.clone("exploit")
    path = clone / "evaluator/backends/__init__.py"
    text = path.read_text()
    data = tmp_path / "data"
    data.mkdir()
    (data / "answers").write_text("the right ones")
    secret = tmp_path / "secret"
    secret.write_text("a runner's credentials")
    attack = (
        EXPLOIT.replace("HUB_PORT", world.hub.url.rsplit(":", 1)[1])
        .replace("DATA", str(data))
        .replace("BOARD", str(world.forge.folder))
        .replace("SECRET", str(secret))
    )
    mark = "    if submission.adapter and adapter is None:\n"
    assert text.count(mark) == 1
    path.write_text(text.replace(mark, attack + mark))
    git("commit", "-qam", "As if weights ran code", cwd=clone)
    git("push", "-q", "origin", "main", cwd=clone)

    run = world.forge.merge(world.submit())["evaluate.yml"]
    attempts = [
        json.loads(world.forge.show(name))
        for name in world.forge.files("submissions/acme/tiny/attempts/")
    ]
    assert {attempt["reason"] for attempt in attempts} == {"took over and reached: nothing"}
    assert world.results("acme/tiny") == []
    assert "::set-output" not in run.log
    assert not [path for path in run.artifacts.rglob("*") if path.name == ".env"]
    assert [issue["title"] for issue in world.forge.server.issues] == ["Not measured: acme/tiny"]
