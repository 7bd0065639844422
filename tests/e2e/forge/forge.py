"""A forge on this machine: a bare repository, pull requests, and workflows that really run.

forge.open(branch_of_a_fork) -> PullRequest    pull_request workflows run on the merge commit
forge.merge(pull_request)                      push workflows run on main
forge.dispatch("evaluate.yml", submission=...) a person starts a workflow by hand
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conftest import ROOT

from .job import GIT
from .run import Run
from .server import Server
from .workflow import read_workflow, starts

if TYPE_CHECKING:
    from .job import Job


@dataclass
class PullRequest:
    """A pull request and the runs it started."""

    number: int
    """Its number."""
    author: str
    """Login of who opened it."""
    merge_commit: str
    """The merge of its head into main."""
    runs: dict[str, Run]
    """Workflow file -> run."""

    @property
    def mergeable(self) -> bool:
        """Tell whether the required check `gate` has passed."""
        return self.runs["validate.yml"].results.get("gate") == "success"


@dataclass
class Forge:
    """Repository, runners and settings."""

    folder: Path
    """Where everything stands."""
    server: Server
    """git and API over HTTP."""
    vars: dict[str, str] = field(default_factory=dict)
    """Repository variables."""
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    """Environment -> its secrets."""
    refused: set[str] = field(default_factory=set)
    """Environments whose reviewers say no."""
    image: dict[str, str] = field(default_factory=dict)
    """What the machine image sets for every step."""
    played: tuple[str, ...] = ("validate.yml", "evaluate.yml")
    """Workflows that events start here; others are left alone unless a workflow calls them."""
    repository: str = "board/leaderboard"
    """owner/name."""
    visibility: str = "public"
    """public or private."""
    runs: list[Run] = field(default_factory=list)
    """All runs, in order."""

    @property
    def bare(self) -> Path:
        """Return the bare repository."""
        return self.folder / "git" / f"{self.repository}.git"

    @property
    def clone_url(self) -> str:
        """Return the address of the repository."""
        return f"{self.server.url}/{self.repository}.git"

    @property
    def pages(self) -> Path:
        """Return where the deployed site stands."""
        return self.folder / "pages"

    @property
    def bin(self) -> Path:
        """Return the folder of the image's programs."""
        return self.folder / "bin"

    def start(self, source: Path) -> None:
        """Make the repository from a folder, as its first commit on main."""
        self.bin.mkdir(parents=True)
        put_program(self.bin / "make", INSTALLED_MAKE)
        self.attestations.mkdir()
        keygen("-t", "ed25519", "-N", "", "-C", "forge", "-f", str(self.attestations / "key"))
        public = (self.attestations / "key.pub").read_text()
        (self.attestations / "signers").write_text(f"forge {public}")
        put_program(self.bin / "gh", f"#!/bin/sh\nset -eu\nkept={self.attestations}\n{ASK_GITHUB}")
        self.bare.parent.mkdir(parents=True)
        git("init", "-q", "--bare", "-b", "main", str(self.bare))
        git("-C", str(self.bare), "config", "http.receivepack", "true")
        git("-C", str(self.bare), "config", "uploadpack.allowAnySHA1InWant", "true")
        git("init", "-q", "-b", "main", cwd=source)
        git("add", "-A", cwd=source)
        git("commit", "-qm", "Start of the board", cwd=source)
        git("push", "-q", str(self.bare), "main", cwd=source)

    def clone(self, name: str) -> Path:
        """Return a person's clone of the repository."""
        to = self.folder / "people" / name
        git("clone", "-q", f"file://{self.bare}", str(to))
        return to

    def head(self) -> str:
        """Return the commit of main."""
        return git("-C", str(self.bare), "rev-parse", "main").strip()

    def files(self, below: str = "") -> list[str]:
        """Return the files of main."""
        words = ("ls-tree", "-r", "--name-only", "-z", "main", "--", below or ".")
        return git("-C", str(self.bare), *words).split("\0")[:-1]

    def show(self, path: str) -> str:
        """Return the content of a file of main."""
        return git("-C", str(self.bare), "show", f"main:{path}")

    def open(self, clone: Path, author: str, title: str = "A change") -> PullRequest:
        """Open a pull request with the HEAD of a clone and play what it starts."""
        number = 1 + sum(run.event_name == "pull_request" for run in self.runs)
        head = f"refs/pull/{number}/head"
        branch = git("rev-parse", "--abbrev-ref", "HEAD", cwd=clone).strip()
        git("push", "-q", str(self.bare), f"HEAD:{head}", cwd=clone)
        work = self.folder / "merges" / str(number)
        git("clone", "-q", f"file://{self.bare}", str(work))
        git("fetch", "-q", "origin", head, cwd=work)
        git("merge", "-q", "--no-ff", "-m", f"Merge pull request #{number}", "FETCH_HEAD", cwd=work)
        git("push", "-q", "origin", f"HEAD:refs/pull/{number}/merge", cwd=work)
        commit = git("rev-parse", "HEAD", cwd=work).strip()
        event = {
            "number": number,
            "pull_request": {
                "number": number,
                "title": title,
                "user": {"login": author},
                "head": {"ref": branch},
                "base": {"ref": "main", "sha": self.head()},
            },
        }
        ref = f"refs/pull/{number}/merge"
        runs = {
            run.file: run.play()
            for run in self._started("pull_request", event, ref, commit, author)
        }
        return PullRequest(number=number, author=author, merge_commit=commit, runs=runs)

    def merge(self, pull_request: PullRequest, *, play: bool = True) -> dict[str, Run]:
        """Merge a pull request whose gate has passed, and play what the push starts."""
        assert pull_request.mergeable, pull_request.runs["validate.yml"].log
        return self.push(pull_request.merge_commit, "maintainer", play=play)

    def push(self, commit: str, actor: str, *, play: bool = True) -> dict[str, Run]:
        """Move main to a commit (merged with what main has meanwhile), and play what it starts."""
        before = self.head()
        work = self.folder / "merges" / f"push-{len(self.runs)}"
        git("clone", "-q", f"file://{self.bare}", str(work))
        git("fetch", "-q", "origin", commit, cwd=work)
        git("merge", "-q", "-m", "Merge", "FETCH_HEAD", cwd=work)
        git("push", "-q", "origin", "HEAD:main", cwd=work)
        changed = git("diff", "--name-only", "-z", before, self.head(), cwd=work).split("\0")[:-1]
        event = self._repository_event() | {"before": before, "after": self.head()}
        started = self._started("push", event, "main", self.head(), actor, changed)
        return {run.file: run.play() if play else run for run in started}

    def dispatch(self, file: str, actor: str = "maintainer", **inputs: str) -> Run:
        """Start a workflow by hand."""
        return self._by("workflow_dispatch", file, {"inputs": inputs}, actor)

    def tick(self, file: str) -> Run:
        """Start a workflow by its schedule."""
        return self._by("schedule", file, {}, "scheduler")

    def _by(self, name: str, file: str, event: dict[str, Any], actor: str) -> Run:
        event = self._repository_event() | event
        started = {run.file: run for run in self._started(name, event, "main", self.head(), actor)}
        self.runs = [run for run in self.runs if run not in started.values() or run.file == file]
        return started[file].play()

    def _repository_event(self) -> dict[str, Any]:
        return {
            "repository": {"visibility": self.visibility, "private": self.visibility != "public"}
        }

    def _started(
        self, name: str, event: dict[str, Any], ref: str, commit: str, actor: str,
        changed: list[str] | None = None,
    ) -> list[Run]:  # fmt: skip
        found = []
        for path in sorted(self.workflows_at(commit).glob("*.yml")):
            workflow = read_workflow(path)
            if path.name not in self.played or not starts(workflow, name, changed or []):
                continue
            number = len(self.runs) + 1
            run = Run(
                forge=self, file=path.name, workflow=workflow, event_name=name, ref=ref,
                event=self._repository_event() | event, sha=commit, actor=actor, id=number,
                folder=self.folder / "runs" / str(number),
            )  # fmt: skip
            run.artifacts.mkdir(parents=True)
            self.runs.append(run)
            found.append(run)
        return found

    def workflows_at(self, commit: str) -> Path:
        """Return a folder with the workflow files as a commit has them."""
        to = self.folder / "workflows" / commit
        if not to.exists():
            to.mkdir(parents=True)
            archive = subprocess.run(
                ["git", "-C", str(self.bare), "archive", commit, ".github/workflows"],
                capture_output=True, check=True,
            ).stdout  # fmt: skip
            subprocess.run(["tar", "-x", "-C", str(to)], input=archive, check=True)
        return to / ".github" / "workflows"

    def approves(self, environment: str) -> bool:
        """Tell whether the reviewers of an environment let a job in."""
        return environment not in self.refused

    def secrets_of(self, environment: str) -> dict[str, str]:
        """Return the secrets that a job in an environment sees: its own and no others."""
        return self.secrets.get(environment, {}) if environment else {}

    @property
    def attestations(self) -> Path:
        """Return the folder of attestations, each named by the sha256 of what it is about."""
        return self.folder / "attestations"

    def attest(self, path: Path, job: Job) -> None:
        """Sign who made a file, in the form in which `gh attestation verify` prints it."""
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        home, ref = f"{self.server.url}/{self.repository}", f"refs/heads/{job.run.ref}"
        certificate = {
            "sourceRepositoryURI": home,
            "sourceRepositoryRef": ref,
            "buildSignerURI": f"{home}/.github/workflows/{job.run.file}@{ref}",
            "runnerEnvironment": "github-hosted",
        }
        subject = [{"name": path.name, "digest": {"sha256": digest}}]
        found = {"signature": {"certificate": certificate}, "statement": {"subject": subject}}
        kept = self.attestations / digest
        kept.write_text(json.dumps([{"verificationResult": found}]))
        keygen("-Y", "sign", "-f", str(self.attestations / "key"), "-n", "attestation", str(kept))


def keygen(*words: str) -> None:
    """Run ssh-keygen."""
    subprocess.run(["ssh-keygen", "-q", *words], check=True, capture_output=True)


VLLM = ROOT / "build/vllm/bin/python"
"""vLLM on a processor (`make vllm-env`), in place of the one on GPUs."""
INSTALLED_MAKE = f"""#!/bin/bash
# The image has all packages: `make light`, `env` and `vllm` put the checkout's own command on the
# path and install nothing. Every other target is make's.
set -euo pipefail
[ "$1" = -C ] && {{ at=$(realpath "$2"); shift 2; }} || at=$PWD
case "$1" in
  light | env) python={sys.executable} ;;
  vllm) python={VLLM} ;;
  *) exec /usr/bin/make -C "$at" "$@" ;;
esac
mkdir -p "$at/.venv/bin"
printf '#!/bin/sh\\nexec env PYTHONPATH=%s %s -P -m evaluator "$@"\\n' "$at" "$python" \
  > "$at/.venv/bin/evaluator"
chmod +x "$at/.venv/bin/evaluator"
echo "$at/.venv/bin" >> "$GITHUB_PATH"
"""


ASK_GITHUB = """\
[ "$1 $2" = "attestation verify" ] || { echo "gh $1 is not played here" >&2; exit 2; }
[ -n "${GH_TOKEN:-}" ] || { echo "gh: set GH_TOKEN" >&2; exit 4; }
found=$kept/$(sha256sum "$3" | cut -d " " -f 1)
[ -f "$found" ] || { echo "Error: no attestations found for subject" >&2; exit 1; }
ssh-keygen -q -Y verify -f "$kept/signers" -I forge -n attestation -s "$found.sig" < "$found" >&2 ||
  { echo "Error: verifying the signature failed" >&2; exit 1; }
cat "$found"
"""


def put_program(path: Path, text: str) -> None:
    """Write a program that steps can run."""
    path.write_text(text)
    path.chmod(0o755)


def git(*words: str, cwd: Path | None = None) -> str:
    """Run git and return what it printed."""
    done = subprocess.run(
        ["git", *GIT, *words], cwd=cwd, capture_output=True, text=True, check=False,
        env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"},
    )  # fmt: skip
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout
