"""The sandbox, for real: each wall is leaned against, and each limit is first shown to bite."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT, need

from evaluator.core.errors import RunError
from evaluator.measure.sandbox import Limits, podman_command, python_folders, run_in_sandbox

SMALL = Limits(
    memory_bytes=512 * 2**20, processes=64, seconds=20, file_bytes=10**6, scratch_bytes=10**7
)


@pytest.fixture(scope="module", autouse=True)
def bubblewrap() -> None:
    need("bubblewrap", shutil.which("bwrap") is not None, "apt-get install bubblewrap")


def try_out(tmp_path: Path, code: str, limits: Limits = SMALL, **environment: str):
    """Run Python in the sandbox; return how it ended and what it wrote to /out/said."""
    out = tmp_path / "out"
    text = "import os\ndef say(x):\n    open('/out/said', 'a').write(f'{x}\\n')\n"
    ending = run_in_sandbox(
        [sys.executable, "-c", text + textwrap.dedent(code)],
        readable=python_folders(),
        out=out,
        environment={"PATH": "/usr/bin:/bin", "HOME": "/tmp", **environment},
        limits=limits,
    )
    said = out / "said"
    return ending, said.read_text().splitlines() if said.exists() else []


def test_a_command_runs_and_writes(tmp_path: Path) -> None:
    ending, said = try_out(tmp_path, "say('hello'); raise SystemExit(3)")
    assert (ending.code, said) == (3, ["hello"])
    assert ending.words == "ended with exit status 3"


def test_there_is_no_way_to_the_network(tmp_path: Path) -> None:
    """Row 46: neither this machine, nor the metadata service, nor a name."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()  # from here it can be reached
        code = f"""
        import socket
        for host in ("127.0.0.1", "169.254.169.254", "192.0.2.1"):
            try:
                socket.create_connection((host, {port}), 2)
                say("reached " + host)
            except OSError as error:
                say(error.errno)
        try:
            socket.gethostbyname("example.org")
            say("resolved")
        except OSError:
            say("no name")
        """
        _, said = try_out(tmp_path, code)
    assert said == ["111", "101", "101", "no name"]  # refused by its own loopback; unreachable


def test_there_is_no_environment_and_no_home(tmp_path: Path, monkeypatch) -> None:
    """Row 47: no token, no credentials, no other process."""
    monkeypatch.setenv("GITHUB_TOKEN", "secret-token")
    secret = tmp_path / "credentials"
    secret.write_text("secret")
    code = f"""
    say(sorted(os.environ))
    say(os.path.exists({str(secret)!r}))
    say(b"secret" in open("/proc/1/environ", "rb").read() if os.access("/proc/1/environ", os.R_OK)
        else False)
    say([p for p in ("/home", "/run", "/var", "/etc/passwd") if os.path.exists(p)])
    """
    _, said = try_out(tmp_path, code, MINE="1")
    assert said == ["['HOME', 'LC_CTYPE', 'MINE', 'PATH', 'PWD']", "False", "False", "[]"]


def test_only_out_and_tmp_can_be_written_to(tmp_path: Path) -> None:
    code = """
    for path in ("/usr/x", "/x", os.path.dirname(os.__file__) + "/x", "/tmp/x", "/out/x"):
        try:
            open(path, "w").close()
            say("wrote " + path)
        except OSError:
            pass
    """
    _, said = try_out(tmp_path, code)
    assert said == ["wrote /tmp/x", "wrote /out/x"]


def test_memory_is_bounded(tmp_path: Path) -> None:
    """Row 45: the limit bites, and only the limit."""
    code = """
    try:
        bytearray(700 * 2**20)
        say("got it")
    except MemoryError:
        say("refused")
    """
    assert try_out(tmp_path / "a", code, Limits(seconds=20))[1] == ["got it"]
    assert try_out(tmp_path / "b", code)[1] == ["refused"]


def test_processes_are_bounded(tmp_path: Path) -> None:
    """Row 45: a model that forks."""
    code = """
    import signal, time
    started = 0
    try:
        for _ in range(100):
            if os.fork() == 0:
                time.sleep(30)
                os._exit(0)
            started += 1
    except OSError:
        pass
    say(started)
    """
    free = Limits(seconds=20)
    assert try_out(tmp_path / "a", code, free)[1] == ["100"]
    (started,) = try_out(tmp_path / "b", code)[1]
    assert int(started) < 64


def test_a_sandbox_full_of_processes_starves_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one sandbox uses up is not missing in the next, which another job has started."""
    monkeypatch.syspath_prepend(ROOT)  # where the other process finds this file
    full = """
    import time
    try:
        while True:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
    except OSError:
        say("full")
    time.sleep(60)
    """
    starved = multiprocessing.get_context("spawn").Process(
        target=try_out, args=(tmp_path / "a", full, replace(SMALL, seconds=60))
    )
    starved.start()
    said = tmp_path / "a/out/said"
    while starved.is_alive() and not (said.exists() and said.read_text()):
        time.sleep(0.05)
    code = "pids = [os.fork() for _ in range(1)]; say(len(pids))"
    assert said.read_text() == "full\n"
    assert try_out(tmp_path / "b", code)[1][0] == "1"
    starved.terminate()  # the sandbox dies with who started it
    starved.join()


def test_files_and_scratch_are_bounded(tmp_path: Path) -> None:
    """Row 45: /out and /tmp cannot be filled."""
    code = """
    for path, size in (("/out/big", 2 * 10**6), ("/tmp/a", 9 * 10**5)):
        try:
            for i in range(20 if path == "/tmp/a" else 1):
                with open(path + str(i), "wb") as file:
                    file.write(bytes(size))
            say("wrote " + path)
        except OSError as error:
            say(error.errno)
    """
    assert try_out(tmp_path / "a", code, Limits(seconds=20))[1] == [
        "wrote /out/big",
        "wrote /tmp/a",
    ]
    assert try_out(tmp_path / "b", code)[1] == ["27", "28"]  # file too large; no space left


def test_time_is_bounded_and_a_signal_cannot_be_ignored(tmp_path: Path) -> None:
    """Row 45: what sleeps for ever and ignores signals is ended with all it started."""
    code = """
    import signal, time
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if os.fork() == 0:
        os.setsid()
    say("on my way")
    time.sleep(60)
    say("still here")
    """
    ending, said = try_out(tmp_path, code, Limits(seconds=2))
    assert ending.timed_out and ending.words == "ran past its time limit and was killed"
    assert said == ["on my way", "on my way"]


def test_what_is_readable_may_stand_below_tmp(tmp_path: Path) -> None:
    """Its scratch space is still its own, and what was to be read is there, read-only."""
    given = tmp_path / "given"
    given.mkdir()
    (given / "file").write_text("here")
    code = f"""
    import tempfile
    say(open({str(given / "file")!r}).read())
    say(tempfile.mkdtemp().startswith("/tmp/"))
    try:
        open({str(given / "new")!r}, "w")
    except OSError:
        say("read-only")
    """
    out = tmp_path / "out"
    text = "def say(x):\n    open('/out/said', 'a').write(f'{x}\\n')\n"
    ending = run_in_sandbox(
        [sys.executable, "-c", text + textwrap.dedent(code)],
        readable=[*python_folders(), given],
        out=out,
        environment={"PATH": "/usr/bin:/bin", "HOME": "/tmp"},
        limits=SMALL,
    )
    assert ending.code == 0
    assert (out / "said").read_text().split() == ["here", "True", "read-only"]


def test_it_has_no_privileges(tmp_path: Path) -> None:
    code = """
    status = dict(line.split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
    say(os.getuid() != 0 and int(status["CapEff"], 16) == 0)
    say(status["NoNewPrivs"].strip())
    """
    assert try_out(tmp_path, code)[1] == ["True", "1"]


def test_what_it_prints_is_not_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Row 50: no command, no escape reaches the job's log."""
    code = (
        r"print('::add-mask::x\n::stop-commands::y\n\x1b]8;;http://evil\x07', flush=True); say(1)"
    )
    assert try_out(tmp_path, code)[1] == ["1"]
    assert capfd.readouterr() == ("", "")


def test_a_container_gets_the_same_walls(tmp_path: Path) -> None:
    words = podman_command(
        ["python", "x"],
        readable=[tmp_path / "weights"],
        out=tmp_path,
        environment={"A": "1"},
        limits=SMALL,
        image="board/evaluator@sha256:" + "0" * 64,
    )
    assert {"--network=none", "--read-only", "--cap-drop=ALL", "--pids-limit=64"} <= {*words}
    assert f"--volume={tmp_path}/weights:{tmp_path}/weights:ro" in words
    assert words[-2:] == ["python", "x"]
    with pytest.raises(RunError, match="digest"):
        podman_command([], readable=[], out=tmp_path, environment={}, limits=SMALL, image="x:1")


AS_ANYBODY = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from evaluator.measure.sandbox import Limits, run_in_sandbox
limits = Limits(memory_bytes=2**29, processes=64, seconds=20, file_bytes=10**6, scratch_bytes=10**7)
run_in_sandbox(["/usr/bin/python3", "-c", sys.argv[3]], readable=[], out=Path(sys.argv[2]),
               environment={"PATH": "/usr/bin:/bin"}, limits=limits)
"""


def test_the_walls_are_the_same_for_a_user_without_rights() -> None:
    """As on the GPU machine: bubblewrap makes a user namespace, and root has no part in it."""
    need("root", os.geteuid() == 0, "without it the tests above run as such a user already")
    need("system Python", Path("/usr/bin/python3").exists(), "apt-get install python3")
    code = """
    import os, socket, time
    def attempt(step):
        try:
            return step() or "done"
        except (OSError, MemoryError) as error:
            return type(error).__name__
    def fork():
        if os.fork() == 0:
            time.sleep(5)
            os._exit(0)
    told = [
        os.getuid(),
        attempt(lambda: socket.create_connection(("192.0.2.1", 80), 2)),
        attempt(lambda: str(len(bytearray(700 * 2**20)))),
        attempt(lambda: open("/usr/x", "w")),
        attempt(lambda: open("/out/big", "wb", 0).write(bytes(10**6)) < 10**6 or None),
        attempt(lambda: [fork() for _ in range(100)] and None),
    ]
    print(*told, file=open("/out/said", "w"))
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        words = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", "/usr/bin/python3"]
        arguments = [str(ROOT), f"{folder}/out", textwrap.dedent(code)]
        subprocess.run([*words, "-B", "-c", AS_ANYBODY, *arguments], check=True, cwd="/")
        said = (Path(folder) / "out/said").read_text().split()
    assert said == ["12345", "OSError", "MemoryError", "OSError", "done", "BlockingIOError"]
