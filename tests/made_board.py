"""A small board with an honest history, made with real git: what the audit's tests tamper with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from conftest import ROOT
from made_once import ask_once

NAMES = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-12-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-12-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}
SIGNER = "runner@board"
WORKFLOW = "https://example.org/actions/runs/7"
DECISION = "decisions/2026-11-25-{}.yaml"


def git(repository: Path, *words: str) -> str:
    """Run git as Ada, apart from the settings of this machine."""
    done = subprocess.run(
        ["git", "-C", str(repository), *words],
        capture_output=True, text=True, env={**os.environ, **NAMES}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}{done.stdout}"
    return done.stdout.strip()


def commit(repository: Path, message: str) -> str:
    """Commit everything; return the commit's id."""
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", message)
    return git(repository, "rev-parse", "HEAD")


def copy(repository: Path, *names: str) -> None:
    """Copy files or folders of the real submissions into the repository."""
    for name in names:
        source, target = ROOT / "submissions" / name, repository / "submissions" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)
    ask_once(repository / "submissions")


def decide(tree: Path, **facts: str) -> Path:
    """Write a decision under its right name."""
    from evaluator.core.files import sha256

    facts = {"schema": "1", "by": "ada", "date": "2026-11-25",
             "reason": "because of what was found"} | facts  # fmt: skip
    text = "".join(f"{key}: {value}\n" for key, value in facts.items())
    path = tree / DECISION.format(sha256(text.encode())[:8])
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def build(repository: Path) -> str:
    """Tell the honest story: board, submissions, results, a branch that is merged, a decision.

    Returns:
        The commit that a reader saw last.
    """
    git(repository.parent, "init", "-q", "-b", "main", str(repository))
    lock = repository / "evaluator/tasks/lock.json"
    lock.parent.mkdir(parents=True)
    shutil.copy(ROOT / "evaluator/tasks/lock.json", lock)
    copy(repository, "board.yaml")
    allow_signer(repository)
    commit(repository, "Open the board")
    declared = ("submission.yaml", "card.md")
    copy(repository, *(f"baseline/random/{name}" for name in declared))
    commit(repository, "Submit baseline/random")
    git(repository, "switch", "-q", "-c", "small")
    copy(repository, *(f"starter/small/{name}" for name in (*declared, "weights", "lock.json")))
    commit(repository, "Submit starter/small")
    copy(repository, "starter/small/results")
    commit(repository, "Add results of starter/small")
    git(repository, "switch", "-q", "main")
    copy(repository, "baseline/random/lock.json", "baseline/random/results")
    commit(repository, "Add results of baseline/random")
    git(repository, "merge", "-q", "--no-ff", "-m", "Merge starter/small", "small")
    decide(repository / "submissions", action="annotate", submission="baseline/random")
    write_attempt(repository)
    seen = commit(repository, "Note what baseline/random is")
    copy(repository, *(f"baseline/majority/{name}" for name in (*declared, "lock.json", "results")))
    sign(repository, "baseline/majority")
    commit(repository, f"Add baseline/majority with its results\n\nWorkflow: {WORKFLOW}")
    return seen


def make_key(folder: Path, name: str) -> Path:
    """Make a private ssh key and its public half."""
    key = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    return key


def allow_signer(repository: Path) -> None:
    """Name the key `runner` beside the repository as the board's own."""
    key = make_key(repository.parent, "runner")
    public = key.with_suffix(".pub").read_text()
    line = f'{SIGNER} namespaces="results@open-llm-leaderboard",valid-after="20261101Z" {public}'
    (repository / "submissions/allowed_signers").write_text(line)


def sign(repository: Path, name: str, key: Path | None = None) -> Path:
    """Sign all results of a submission as the board's workflow does."""
    from evaluator.board.attest import sign_results

    tree = repository / "submissions"
    paths = [p.relative_to(tree).as_posix() for p in (tree / name).glob("results/*/*/*.json")]
    return sign_results(tree, paths, key or repository.parent / "runner", WORKFLOW)


def write_attempt(repository: Path) -> None:
    """Write down a measurement that failed."""
    from evaluator.core.files import pretty_bytes

    path = repository / "submissions/baseline/random/attempts/0123456789ab-1.json"
    path.parent.mkdir()
    facts = {"schema": 1, "submission": "baseline/random", "task": "gsm8k", "key": "01" * 32}
    more = {"state": "failed", "reason": "no network", "when": "2026-11-24T00:00:00Z"}
    path.write_bytes(pretty_bytes(facts | more))


def write_repeat(tree: Path, model: str, task: str, name: str, *, stale: bool = False) -> Path:
    """Write another run beside a result: a reproduction, or one of what was asked before."""
    from evaluator.core.files import pretty_bytes

    source = next((tree / model / "results" / task).glob("*/*.json"))
    result = json.loads(source.read_bytes())
    result["responses"]["sha256"] = name + result["responses"]["sha256"][8:]
    result["run"]["started"] = "2026-11-26T09:00:00Z"
    result["run"]["environment"]["machine"] = "another machine"
    path = source.with_name(f"{name}.json")
    if stale:
        result["request_set"]["sha256"] = "0" * 64
        result["key"] = "ab" * 32
        path = source.parents[1] / "abababababab" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(pretty_bytes(result))
    return path
