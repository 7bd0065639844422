"""Run a command where nothing that a model's files bring can do harm.

No network but its own loopback, no environment but what is named, a root file system of named
folders that are read-only, one folder to write to, limits on memory, processes, time and file size,
no privileges. Two ways to get there:

    bubblewrap   needs no engine and no image; the default
    podman       a rootless container of a pinned image, where the host is set up for it

What the command prints is never shown: a workflow's log is a place where text acts.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluator.core.errors import RunError
from evaluator.core.files import sha256

NOBODY = 65534
"""User and group inside a container."""
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache", "/sys")
"""What programs need of the host, read-only."""
OUT = Path("/out")
"""The only folder that can be written to and outlives the sandbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a sandboxed command may use."""

    memory_bytes: int = 64 * 2**30
    """Memory of each process, in bytes of writable pages."""
    processes: int = 512
    """Processes and threads at once."""
    seconds: int = 11 * 3600
    """Wall-clock time."""
    file_bytes: int = 2 * 2**30
    """Length of any one file."""
    scratch_bytes: int = 2 * 2**30
    """Size of /tmp, which is gone afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a sandboxed command ended."""

    code: int
    """Exit status; negative: the signal that killed it."""
    timed_out: bool
    """True: it ran past its time and was killed."""

    @property
    def words(self) -> str:
        """Return what happened, for people; nothing that the command printed is in it."""
        if self.timed_out:
            return "ran past its time limit and was killed"
        if self.code < 0 or self.code > 128:
            return f"was killed by signal {-self.code if self.code < 0 else self.code - 128}"
        return f"ended with exit status {self.code}"


def run_in_sandbox(
    command: Sequence[str],
    *,
    readable: Iterable[Path],
    out: Path,
    environment: Mapping[str, str],
    limits: Limits,
    image: str = "",
) -> Ending:
    """Run a command in a sandbox and say how it ended.

    Args:
        command: program and arguments; paths as the sandbox sees them.
        readable: files and folders it may read, at their own paths.
        out: folder that it sees as /out; made if need be.
        environment: all variables it sees.
        limits: what it may use.
        image: a container image by digest; '' takes bubblewrap.

    Raises:
        RunError: neither podman nor bubblewrap is there.
    """
    out.mkdir(parents=True, exist_ok=True)
    build = podman_command if image else bubblewrap_command
    words = build(command, readable=tuple(readable), out=out, environment=environment,
                  limits=limits, image=image)  # fmt: skip
    if shutil.which(words[0]) is None:
        raise RunError(f"{words[0]} is not installed: see .github/runner/README.md")
    process = _start(words)
    try:
        return Ending(code=process.wait(limits.seconds), timed_out=False)
    except subprocess.TimeoutExpired:
        if image:  # podman's own process only watches the container
            _start(["podman", "rm", "--force", "--time=0", container_name(out)]).wait()
        process.kill()  # bubblewrap's is the first of the sandbox: with it, the kernel ends all
        return Ending(code=process.wait(), timed_out=True)


def _start(words: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"]},
        start_new_session=True,
    )


def bubblewrap_command(
    command: Sequence[str],
    *,
    readable: Sequence[Path],
    out: Path,
    environment: Mapping[str, str],
    limits: Limits,
    image: str,
) -> list[str]:
    """Return the command line that runs a command under bubblewrap."""
    words = ["bwrap", "--die-with-parent", "--new-session", "--clearenv"]
    words += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    words += ["--unshare-cgroup-try"]
    if os.geteuid():
        words += ["--unshare-user"]
    for name, value in environment.items():
        words += ["--setenv", name, value]
    for name in SYSTEM:
        real = Path(name)
        words += (
            ["--symlink", str(real.readlink()), name]
            if real.is_symlink()
            else ["--ro-bind-try", name, name]
        )
    # before what is readable: some of it may stand below /tmp
    words += ["--perms", "1777", "--size", str(limits.scratch_bytes), "--tmpfs", "/tmp"]
    resolved = [path.absolute() for path in readable]
    standing = {Path("/"), Path("/tmp")}
    for parent in sorted({p for path in resolved for p in path.parents} - standing):
        words += ["--perms", "0755", "--dir", str(parent)]
    for path in resolved:
        words += ["--ro-bind", str(path), str(path)]
    words += ["--proc", "/proc", "--dev", "/dev"]
    # locks between processes stand there (vLLM needs one); bubblewrap's own is root's
    words += ["--perms", "1777", "--size", str(limits.scratch_bytes), "--tmpfs", "/dev/shm"]
    for device in sorted(Path("/dev").glob("nvidia*")):
        words += ["--dev-bind-try", str(device), str(device)]
    words += ["--bind", str(out.resolve()), str(OUT), "--chdir", "/tmp", "--"]
    if not os.geteuid():
        user = own_user()
        os.chown(out, user, user)
        words += ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        words += ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    words += ["prlimit", f"--nproc={limits.processes}", f"--data={limits.memory_bytes}"]
    words += [f"--fsize={limits.file_bytes}", "--core=0", "--"]
    return [*words, *command]


def own_user() -> int:
    """Return a user for a sandbox that root starts: limits on processes do not bind root.

    They are counted by user, so that two sandboxes with one user would starve each other.
    """
    return 20_000 + os.getpid() % 40_000


def podman_command(
    command: Sequence[str],
    *,
    readable: Sequence[Path],
    out: Path,
    environment: Mapping[str, str],
    limits: Limits,
    image: str,
) -> list[str]:
    """Return the command line that runs a command in a rootless container.

    Raises:
        RunError: the image is not named by its digest, so that it could change.
    """
    if "@sha256:" not in image:
        raise RunError(f"{image}: name the image by its digest, name@sha256:...")
    words = ["podman", "run", "--rm", "--network=none", "--read-only", "--cap-drop=ALL"]
    words += ["--security-opt=no-new-privileges", f"--user={NOBODY}:{NOBODY}", "--pull=never"]
    # and should this process be killed itself, podman ends the container in time
    words += [f"--name={container_name(out)}", f"--timeout={limits.seconds}"]
    words += [f"--pids-limit={limits.processes}", f"--memory={limits.memory_bytes}"]
    words += [f"--memory-swap={limits.memory_bytes}", f"--ulimit=fsize={limits.file_bytes}"]
    words += [f"--tmpfs=/tmp:rw,size={limits.scratch_bytes},mode=1777", "--workdir=/tmp"]
    if any(Path("/dev").glob("nvidia*")):
        words += ["--device=nvidia.com/gpu=all"]
    words += [f"--env={name}={value}" for name, value in environment.items()]
    for path in readable:
        words += [f"--volume={path.absolute()}:{path.absolute()}:ro"]
    return [*words, f"--volume={out.resolve()}:{OUT}:rw,U", image, *command]


def container_name(out: Path) -> str:
    """Return the name of the container that writes to a folder."""
    return f"sandbox-{sha256(str(out.resolve()).encode())[:16]}"


def python_folders() -> list[Path]:
    """Return the folders that this Python needs to run: its own and the one it was made from."""
    found = {Path(sys.prefix), Path(sys.base_prefix), *_linked_folders()}
    return sorted(path for path in found if not str(path).startswith("/usr"))


def _linked_folders() -> list[Path]:
    """Return the folders on the module path that stand outside this Python's own."""
    return [
        path
        for path in map(Path, sys.path)
        if path.is_dir() and not path.is_relative_to(sys.prefix)
        and not path.is_relative_to(sys.base_prefix)
    ]  # fmt: skip
