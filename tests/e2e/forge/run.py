"""One run of a workflow: its jobs in order, each after what it needs, legs of a matrix in turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .expressions import as_text, condition, fill, truthy
from .job import Job
from .workflow import needs, order, read_workflow, unsupported

if TYPE_CHECKING:
    from .forge import Forge


@dataclass
class Run:
    """A run of one workflow file."""

    forge: Forge
    """Where it runs."""
    file: str
    """Name of the workflow file."""
    workflow: dict[str, Any]
    """Its content, as it stood at the commit that started the run."""
    event_name: str
    """What started it."""
    event: dict[str, Any]
    """The payload of the event."""
    ref: str
    """Branch or ref it runs on."""
    sha: str
    """Commit it runs on."""
    actor: str
    """Who started it."""
    id: int
    """Number of the run."""
    folder: Path
    """Where its jobs work."""
    attempt: int = 1
    """1, and one more for each time it was run again."""
    jobs: list[Job] = field(default_factory=list)
    """All jobs played so far, in order."""
    results: dict[str, str] = field(default_factory=dict)
    """Job -> success, failure or skipped."""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    """Job -> its outputs."""

    @property
    def artifacts(self) -> Path:
        """Return where artifacts of this run are kept."""
        return self.folder / "artifacts"

    def play(self, until: str = "") -> Run:
        """Play the jobs that were not played yet; stop before the one named `until`."""
        assert unsupported(self.workflow) == [], unsupported(self.workflow)
        for name in order(self.workflow["jobs"]):
            if name == until:
                return self
            if name not in self.results:
                self._job(name, self.workflow["jobs"][name])
        return self

    def again(self, *names: str) -> Run:
        """Play these jobs and all that come after them once more, as a person does by a click."""
        self.attempt += 1
        stale = {*names}
        for name in order(self.workflow["jobs"]):
            if stale & {*needs(self.workflow["jobs"][name])}:
                stale.add(name)
        for name in stale:
            self.results.pop(name, None)
        return self.play()

    @property
    def result(self) -> str:
        """Return how the run ended."""
        return "failure" if "failure" in self.results.values() else "success"

    @property
    def log(self) -> str:
        """Return what all jobs printed."""
        return "".join(f"=== {job.name} {job.matrix or ''}\n{job.log}" for job in self.jobs)

    @property
    def summary(self) -> str:
        """Return what all jobs wrote for people."""
        return "".join(job.summary for job in self.jobs)

    def needs_of(self, name: str) -> list[str]:
        """Return what a job waits for."""
        return needs(self.workflow["jobs"][name])

    def contexts(self) -> dict[str, Any]:
        """Return the contexts that every job sees."""
        forge = self.forge
        return {
            "github": {
                "event": self.event,
                "event_name": self.event_name,
                "ref": self.ref if self.ref.startswith("refs/") else f"refs/heads/{self.ref}",
                "sha": self.sha,
                "actor": self.actor,
                "repository": forge.repository,
                "run_id": str(self.id),
                "run_attempt": str(self.attempt),
            },
            "vars": forge.vars,
            "inputs": self.event.get("inputs", {}),
            "needs": {
                name: {"result": result, "outputs": self.outputs.get(name, {})}
                for name, result in self.results.items()
            },
        }

    def _status(self, name: str) -> dict[str, bool]:
        before = {self.results[needed] for needed in self._all_needs(name)}
        return {
            "always": True,
            "success": before <= {"success"},
            "failure": "failure" in before,
            "cancelled": False,
        }

    def _all_needs(self, name: str) -> set[str]:
        """Return everything a job waits for, directly or through others."""
        direct = self.needs_of(name)
        return {*direct}.union(*(self._all_needs(needed) for needed in direct))

    def _job(self, name: str, facts: dict[str, Any]) -> None:
        contexts, status = self.contexts(), self._status(name)
        wanted = condition(facts.get("if", "success()"))
        if not wanted.functions() & status.keys():
            wanted = condition(f"success() && ({wanted.text})")
        if not truthy(wanted.value(contexts, status)) or not self.forge.approves(
            fill(_environment(facts), contexts, status)
        ):
            self.results[name] = "skipped"
            return
        permissions = facts.get("permissions", self.workflow["permissions"])
        if "uses" in facts:
            self._call(name, facts, permissions)
            return
        legs = [
            Job(run=self, name=name, facts=facts, matrix=leg, permissions=permissions).play()
            for leg in self._legs(facts, contexts, status)
        ]
        self.jobs += legs
        self.results[name] = "failure" if any(j.result == "failure" for j in legs) else "success"
        self.outputs[name] = {
            key: as_text(fill(text, job.contexts(), job.status()))
            for job in legs
            for key, text in facts.get("outputs", {}).items()
        }

    def _legs(
        self, facts: dict[str, Any], contexts: dict[str, Any], status: dict[str, bool]
    ) -> list[dict[str, Any]]:
        matrix = facts.get("strategy", {}).get("matrix")
        if matrix is None:
            return [{}]
        if "include" in matrix:
            include = matrix["include"]
            found = fill(include, contexts, status) if isinstance(include, str) else include
            return list(found)
        legs: list[dict[str, Any]] = [{}]
        for key, values in matrix.items():
            legs = [leg | {key: value} for leg in legs for value in values]
        return legs

    def _call(self, name: str, facts: dict[str, Any], permissions: dict[str, str]) -> None:
        """Play a workflow of this repository that a job calls."""
        file = facts["uses"].removeprefix("./.github/workflows/")
        path = self.forge.workflows_at(self.sha) / file
        called = Run(
            forge=self.forge, file=file, workflow=read_workflow(path), event_name=self.event_name,
            event=self.event, ref=self.ref, sha=self.sha, actor=self.actor, id=self.id,
            folder=self.folder / f"called-{name}",
        )  # fmt: skip
        called.artifacts.mkdir(parents=True)
        for inner in called.workflow["jobs"].values():
            for scope, level in inner.get("permissions", {}).items():
                granted = permissions.get(scope, "none")
                assert granted in (level, "write"), f"{name} does not grant {scope}: {level}"
        called.play()
        self.jobs += called.jobs
        self.results[name] = called.result


def _environment(facts: dict[str, Any]) -> str:
    named = facts.get("environment", "")
    return str(named["name"] if isinstance(named, dict) else named)
