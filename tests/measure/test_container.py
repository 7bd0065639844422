"""The container, for real: podman runs an image made here, and its walls are leaned against."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import textwrap
import time
from pathlib import Path

import pytest
from conftest import need

from evaluator.measure.sandbox import Ending, Limits, python_folders, run_in_sandbox

pytestmark = pytest.mark.heavy
SMALL = Limits(
    memory_bytes=256 * 2**20, processes=32, seconds=30, file_bytes=10**6, scratch_bytes=10**7
)
SAY = "import os\ndef say(x):\n    open('/out/said', 'a').write(f'{x}\\n')\n"


def libraries() -> set[str]:
    """Return what this Python and its modules are linked to on the host."""
    python = Path(sys.executable).resolve()
    modules = Path(os.__file__).parent.glob("lib-dynload/*.so")
    told = subprocess.run(["ldd", str(python), *map(str, modules)], capture_output=True, text=True)
    return set(re.findall(r"(/\S+\.so\S*) \(", told.stdout))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make an image of the host's C libraries alone; return its name with its digest.

    podman keeps everything below a folder of the test. Where the host's control groups are of the
    first version, as in some containers and virtual machines, runc is what can set them.
    """
    podman = shutil.which("podman")
    need("podman", podman is not None, "apt-get install podman")
    home = tmp_path_factory.mktemp("podman")
    old = not Path("/sys/fs/cgroup/cgroup.controllers").exists()
    need("runc", not old or shutil.which("runc") is not None, "apt-get install runc")
    (home / "containers.conf").write_text(
        '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\n' if old else ""
    )
    (home / "bin").mkdir()
    program = home / "bin/podman"
    # podman gives a container the host's highest limits, which not every host lets it set
    program.write_text(
        f"#!/bin/sh\nexport CONTAINERS_CONF={home}/containers.conf\n"
        'if [ "$1" = run ]; then shift\n'
        '  set -- run --ulimit=nofile=1024:1024 --ulimit=nproc=1024:1024 "$@"\nfi\n'
        f'exec {podman} --root {home}/store --runroot {home}/run --storage-driver vfs "$@"\n'
    )
    program.chmod(0o755)
    with tarfile.open(home / "root.tar", "w", dereference=True) as tar:
        for name in sorted(libraries()):
            tar.add(name)
    done = subprocess.run([program, "import", "-q", home / "root.tar", "local/walls"],
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = subprocess.run([program, "images", "--format", "{{.Repository}}@{{.Digest}}"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{home / 'bin'}:{os.environ['PATH']}")
        yield told.stdout.split()[0]
    subprocess.run([program, "rm", "--all", "--force", "--time=0"], stdout=subprocess.DEVNULL)


def try_out(image: str, home: Path, code: str, limits: Limits = SMALL) -> tuple[Ending, list[str]]:
    """Run Python in a container; return how it ended and what it wrote to /out/said."""
    out = home / "out"
    ending = run_in_sandbox(
        [sys.executable, "-c", SAY + textwrap.dedent(code)],
        readable=python_folders(),
        out=out,
        environment={"KNOWN": "1"},
        limits=limits,
        image=image,
    )
    said = out / "said"
    return ending, said.read_text().splitlines() if said.exists() else []


def test_it_sees_what_it_is_given_and_no_more(image: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    code = f"""
    import socket
    def attempt(step):
        try:
            step()
            return "done"
        except OSError as error:
            return type(error).__name__
    say(os.environ.get("KNOWN"))
    say("SECRET" in os.environ)
    say(attempt(lambda: open({str(tmp_path / "secret")!r})))
    say(attempt(lambda: open("/made", "w")))
    say(attempt(lambda: open("/tmp/made", "w")))
    say(attempt(lambda: socket.create_connection(("192.0.2.1", 80), 2)))
    say(os.getuid())
    raise SystemExit(3)
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET", "1")
        ending, said = try_out(image, tmp_path, code)
    assert ending == Ending(code=3, timed_out=False)
    assert said == ["1", "False", "FileNotFoundError", "OSError", "done", "OSError", "65534"]


def test_processes_memory_and_files_are_bounded(image: str, tmp_path: Path) -> None:
    code = """
    import signal, time
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        open("/out/big", "wb").write(bytes(2 * 10**6)), say("wrote")
    except OSError:
        say("file")
    started = 0
    try:
        while started < 100:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            started += 1
    except OSError:
        pass
    say(started)
    held = bytearray(300 * 2**20)
    say("held")
    """
    ending, said = try_out(image, tmp_path, code)
    assert said[0] == "file" and 8 < int(said[1]) < 32 and said[2:] == []
    assert ending == Ending(code=137, timed_out=False)


def test_what_takes_too_long_is_ended_and_nothing_of_it_goes_on(image: str, tmp_path: Path) -> None:
    code = """
    import time
    while True:
        say("here")
        time.sleep(0.05)
    """
    limits = Limits(memory_bytes=256 * 2**20, processes=32, seconds=4)
    ending, said = try_out(image, tmp_path, code, limits)
    assert ending.timed_out and said
    before = (tmp_path / "out/said").stat().st_size
    time.sleep(1)
    assert (tmp_path / "out/said").stat().st_size == before
    left = subprocess.run(["podman", "ps", "--all", "-q"], capture_output=True, text=True)
    assert left.stdout == ""
