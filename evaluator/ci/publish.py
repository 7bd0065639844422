"""Publish: what the scoring job handed over -> one commit on main.

Only new files of one submission are taken, and only if the tree with them passes every check. The
commit says which run of which workflow wrote it. What a killed process had laid down and not yet
committed, or committed and not yet pushed, the next one does.
"""

from __future__ import annotations

import base64
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from evaluator.board.attest import sign_results
from evaluator.board.check import check_tree
from evaluator.board.claims import why_refused
from evaluator.board.history import run_git
from evaluator.board.submissions import read_entry, read_seasons
from evaluator.ci.github import run_address
from evaluator.ci.handed import PUBLISHED, latest, name_of
from evaluator.core.errors import DocumentError, Fault, RunError, counted
from evaluator.core.files import write_new
from evaluator.measure.collect import collect
from evaluator.measure.provenance import now

AUTHOR = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
MOST_BYTES = 2 * 2**30
TRIES = 5
"""Times that a push is tried while others push too."""
KNOWN_HOSTS = (
    "github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n"
)
"""GitHub's key, SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU (docs.github.com, "GitHub's SSH
key fingerprints"); another server's is taken as it is met: what it could learn is the results."""


def publish(root: Path, name: str, handed: Path, key: str = "") -> list[str]:
    """Copy new files of a submission into the tree, check it, and commit.

    Args:
        root: the folder submissions/ of a checkout of main.
        name: the submission.
        handed: folder of artifacts: `<name>@scored@<attempt>/<org>/<model>/`.
        key: private ssh key that signs the results; '' if nothing is signed.

    Returns:
        The files of the commit, relative to the repository; none if all stand there already.

    Raises:
        RunError: a file that stands there already would change.
        DocumentError: the tree would not be what it must be.
    """
    home, published = root / name, _published(root, name)
    scored = latest(handed).get((name_of(name), "scored"))
    if scored is None:
        raise RunError(f"{name}: nothing was handed over by the job that scores")
    with tempfile.TemporaryDirectory() as scratch:
        taken = collect(scored / name, Path(scratch), PUBLISHED, MOST_BYTES).taken
        for path in taken:
            _must_agree(Path(scratch) / path, home / path)
        added = [
            path for path in sorted(taken, key=_is_result) if f"{name}/{path}" not in published
        ]
        for path in added:
            write_new(home / path, (Path(scratch) / path).read_bytes())
    results = [f"{name}/{p}" for p in added if _is_result(p)]
    if faults := check_tree(root, [name]) or _false_claims(root, name, results):
        for path in added:
            (home / path).unlink()
        raise DocumentError(faults)
    files = [home / path for path in added]
    if key and results:
        files += _sign(root, results, key)
    if files:
        _commit(root, name, files, len(results))
    return sorted(path.relative_to(root.parent).as_posix() for path in files)


def _published(root: Path, name: str) -> set[str]:
    """Return the committed files of a submission; one that only stands there is still to come."""
    listed = run_git(root, "ls-tree", "-r", "-z", "--name-only", "HEAD", "--", name)
    return set(listed.decode().split("\0"))


def _is_result(path: str) -> bool:
    """Tell a result from what makes it whole: its responses and the lock, which are laid first."""
    return path.startswith("results/") and path.endswith(".json")


def _must_agree(handed: Path, standing: Path) -> None:
    """Refuse a file where another of its name stands; what was published never changes.

    Raises:
        RunError: their bytes differ.
    """
    if standing.exists() and standing.read_bytes() != handed.read_bytes():
        raise RunError(f"{standing}: was handed over with other bytes; what stands never changes")


def _false_claims(root: Path, name: str, added: list[str]) -> list[Fault]:
    """Return the new results that claim to be older than they can be."""
    standings = read_entry(root, name).results
    before = [standing for standing in standings if standing.path not in added]
    return [
        Fault(standing.path, 0, "/run/started", told)
        for standing in standings
        if standing.path in added
        and (told := why_refused(standing.result, before, read_seasons(root), now()))
    ]


def _sign(root: Path, results: list[str], key: str) -> list[Path]:
    """Sign results with a key that never stands on disk where others could read it."""
    with tempfile.TemporaryDirectory() as folder:
        found = sign_results(root, results, _keep_key(Path(folder), key), run_address())
    return [found, found.with_name(f"{found.name}.sig")]


def _commit(root: Path, name: str, files: list[Path], results: int) -> None:
    what = counted(results, "result")
    title = f"Add {what} of {name}" if results else f"Note failed attempts of {name}"
    trailer = f"\n\nWorkflow: {run_address()}" if run_address() else ""
    paths = [path.relative_to(root.parent).as_posix() for path in files]
    run_git(root.parent, "add", "--force", "--", *paths)
    who = ("-c", f"user.name={AUTHOR[0]}", "-c", f"user.email={AUTHOR[1]}")
    run_git(root.parent, *who, "commit", "--quiet", "-m", f"{title}{trailer}", "--", *paths)


def push(repository: Path, branch: str = "main") -> None:
    """Push what was committed, on top of what others have pushed meanwhile.

    PUSH_KEY holds the private half of a deploy key, which a ruleset of GitHub can let through; the
    token of a workflow it cannot. Without one the token of the job is used, from GH_TOKEN. Git gets
    either in its environment alone.

    Raises:
        RunError: the remote refuses.
    """
    key = os.environ.get("PUSH_KEY", "")
    server, name = (os.environ.get(f"GITHUB_{n}", "") for n in ("SERVER_URL", "REPOSITORY"))
    to = f"ssh://git@{urlsplit(server).hostname}/{name}.git" if key else "origin"
    said = ""
    with tempfile.TemporaryDirectory() as folder:
        environment = _with_token() | (_with_key(Path(folder), key) if key else {})
        for _ in range(TRIES):
            for words in (("pull", "--quiet", "--rebase", "origin", branch),
                          ("push", "--quiet", to, f"HEAD:{branch}")):  # fmt: skip
                done = subprocess.run(
                    ["git", "-C", str(repository), *words],
                    env=environment, capture_output=True, text=True, check=False,
                )  # fmt: skip
                if done.returncode:
                    said = done.stderr.strip().split("\n")[-1]
                    break
            else:
                return
    raise RunError(f"cannot push to {branch}: {said}")


def _with_key(folder: Path, key: str) -> dict[str, str]:
    """Return what lets git push with a private ssh key, kept in a folder that goes away."""
    known = folder / "known_hosts"
    known.write_text(KNOWN_HOSTS, encoding="utf-8")
    words = ["ssh", "-i", str(_keep_key(folder, key)), "-o", "IdentitiesOnly=yes"]
    words += ["-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=accept-new"]
    return {"GIT_SSH_COMMAND": shlex.join(words)}


def _keep_key(folder: Path, key: str) -> Path:
    """Write a private key where nobody else can read it."""
    path = folder / "key"
    path.touch(mode=0o600)
    path.write_text(key.rstrip("\n") + "\n", encoding="utf-8")
    return path


def _with_token() -> dict[str, str]:
    """Return an environment in which git sends the job's token, and commits under its name."""
    environment = dict(os.environ)
    environment.pop("PUSH_KEY", "")
    token = environment.pop("GH_TOKEN", "")
    if token:
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        environment |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraheader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
        }
    names = {"GIT_COMMITTER_NAME": AUTHOR[0], "GIT_COMMITTER_EMAIL": AUTHOR[1]}
    return environment | names | {"GIT_TERMINAL_PROMPT": "0"}
