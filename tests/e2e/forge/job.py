"""One job: a clean folder, a fresh environment, a token with what the job declares, its steps."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .actions import ACTIONS, FAILURES
from .expressions import Unsupported, as_text, condition, fill, truthy

if TYPE_CHECKING:
    from .run import Run

GIT = ("-c", "user.name=runner", "-c", "user.email=runner@example.invalid")


@dataclass
class Job:
    """A job of a run, played step by step."""

    run: Run
    """The run it belongs to."""
    name: str
    """Its key in the workflow."""
    facts: dict[str, Any]
    """What the workflow says of it."""
    matrix: dict[str, Any]
    """Its leg of the matrix."""
    permissions: dict[str, str]
    """What its token may do."""
    result: str = "success"
    """success, failure, cancelled or skipped."""
    log: str = ""
    """What its steps printed, tokens and secrets masked."""
    summary: str = ""
    """What its steps wrote for people."""
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Outcome and outputs of steps with an id."""
    path: list[str] = field(default_factory=list)
    """Folders of programs that steps have put before the image's own."""
    environ: dict[str, str] = field(default_factory=dict)
    """What steps have set for later ones."""

    def may_write(self, scope: str) -> bool:
        """Tell whether the token may write a scope."""
        return self.permissions.get(scope) == "write"

    def git(self, *words: str) -> str:
        """Run git as an action does, outside the job's environment."""
        return subprocess.run(
            ["git", *GIT, *words], capture_output=True, text=True, check=True
        ).stdout

    def play(self) -> Job:
        """Play all steps; a failed one skips the rest, except those that ask to run anyway."""
        self.home = self.run.folder / f"{self.name}-{len(list(self.run.folder.glob('*')))}"
        self.workspace = self.home / "work"
        self.temp = self.home / "temp"
        for folder in (self.workspace, self.temp, self.home / "home"):
            folder.mkdir(parents=True)
        self.token = self.run.forge.server.issue_token(self.permissions)
        self.secrets: dict[str, str] = {}
        self.secrets = self.run.forge.secrets_of(self.environment())
        for number, step in enumerate(self.facts["steps"]):
            wanted = condition(step.get("if", "success()"))
            if not wanted.functions() & {"always", "success", "failure", "cancelled"}:
                wanted = condition(f"success() && ({wanted.text})")
            if truthy(wanted.value(self.contexts(), self.status())):
                self._step(number, step)
        return self

    def environment(self) -> str:
        """Return the name of the environment it runs in, ''  if none."""
        named = self.facts.get("environment", "")
        text = named["name"] if isinstance(named, dict) else named
        return as_text(fill(text, self.contexts(), self.status()))

    def status(self) -> dict[str, bool]:
        """Return what status functions say inside the job."""
        good = self.result == "success"
        return {"always": True, "success": good, "failure": not good, "cancelled": False}

    def contexts(self) -> dict[str, Any]:
        """Return the contexts that expressions of the job see."""
        found = self.run.contexts()
        found["needs"] = {
            name: needed for name, needed in found["needs"].items() if name in self.run.needs_of(
                self.name)
        }  # fmt: skip
        found["github"] = found["github"] | {"token": self.token, "job": self.name}
        return found | {
            "matrix": self.matrix,
            "steps": self.steps,
            "secrets": self.secrets,
            "env": self.environ,
            "runner": {"temp": str(self.temp), "os": "Linux"},
        }

    def _step(self, number: int, step: dict[str, Any]) -> None:
        outputs: dict[str, str] = {}
        title = step.get("name") or step.get("uses") or step["run"].splitlines()[0]
        self.log += f"--- {title}\n"
        try:
            outputs = self._use(step) if "uses" in step else self._run(number, step)
            outcome = "success"
        except FAILURES as error:
            self.log += f"{error}\n"
            outcome = self.result = "failure"
        if "id" in step:
            self.steps[step["id"]] = {"outputs": outputs, "outcome": outcome}

    def _use(self, step: dict[str, Any]) -> dict[str, str]:
        name = step["uses"].partition("@")[0]
        if name not in ACTIONS:
            raise Unsupported(f"action {name}")
        given = {key: as_text(self._fill(value)) for key, value in step.get("with", {}).items()}
        return ACTIONS[name](self, given)

    def _fill(self, text: str) -> Any:
        return fill(text, self.contexts(), self.status())

    def _run(self, number: int, step: dict[str, Any]) -> dict[str, str]:
        files = {
            name: self.temp / f"{name.lower()}-{number}"
            for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
        }
        for path in files.values():
            path.touch()
        declared: dict[str, str] = {}
        for part in (self.run.workflow, self.facts, step):
            given = part.get("env", {})
            declared |= {key: as_text(self._fill(value)) for key, value in given.items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env=self._image() | self.environ | declared | {k: str(v) for k, v in files.items()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=600,
        )
        self.log += self._mask(done.stdout)
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        self.environ |= _assignments(files["GITHUB_ENV"])
        self.path = [*reversed(files["GITHUB_PATH"].read_text().split()), *self.path]
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, step["run"])
        return _assignments(files["GITHUB_OUTPUT"])

    def _image(self) -> dict[str, str]:
        """Return what a step's environment holds before the workflow adds to it."""
        run, forge = self.run, self.run.forge
        event = self.temp / "event.json"
        file = f"{forge.repository}/.github/workflows/{run.file}"
        event.write_text(json.dumps(run.event))
        return {
            "PATH": os.pathsep.join([*self.path, str(forge.bin), "/usr/bin", "/bin"]),
            "HOME": str(self.home / "home"),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_REPOSITORY": forge.repository,
            "GITHUB_REPOSITORY_OWNER": forge.repository.partition("/")[0],
            "GITHUB_SERVER_URL": forge.server.url,
            "GITHUB_API_URL": f"{forge.server.url}/api",
            "GITHUB_EVENT_NAME": run.event_name,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REF": run.ref if run.ref.startswith("refs/") else f"refs/heads/{run.ref}",
            "GITHUB_SHA": run.sha,
            "GITHUB_RUN_ID": str(run.id),
            "GITHUB_RUN_ATTEMPT": str(run.attempt),
            "GITHUB_WORKFLOW": run.workflow["name"],
            "GITHUB_WORKFLOW_REF": f"{file}@refs/heads/main",
            "GITHUB_ACTOR": run.actor,
            "GITHUB_JOB": self.name,
            "RUNNER_TEMP": str(self.temp),
            "RUNNER_OS": "Linux",
            **forge.image,
        }

    def _mask(self, text: str) -> str:
        for value in (self.token, *self.secrets.values()):
            text = text.replace(value, "***")
        return text


def _assignments(path: Path) -> dict[str, str]:
    """Return what a step wrote into GITHUB_OUTPUT or GITHUB_ENV, both ways of writing it."""
    found: dict[str, str] = {}
    lines = iter(path.read_text().splitlines())
    for line in lines:
        key, mark, value = line.partition("=")
        if "<<" in key or ("<<" in line and not mark):
            key, _, end = line.partition("<<")
            inner = []
            for part in lines:
                if part == end:
                    break
                inner.append(part)
            value = "\n".join(inner)
        found[key] = value
    return found
