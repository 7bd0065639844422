"""A private board on the forge, as its new admin would set it up: no GPU, own task, own model."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT
from conftest_e2e import evaluator

from .conftest import World
from .forge import git

TICKETS = "".join(
    f'{{"text": "{text}", "team": "{team}"}}\n'
    for text, team in [
        ("My invoice is wrong", "billing"),
        ("The screen stays dark", "technical"),
        ("You charged me twice", "billing"),
        ("It does not start", "technical"),
    ]
)
TASK = """
tasks:
  tickets:
    title: Support tickets
    summary: Which of two teams a customer's message belongs to.
    kind: classification
    data: tickets.jsonl
    sha256: {sha256}
    licence: internal
    languages: [en]
    question: |-
      Message: {{text}}
      Team:
    answer: team
    labels: [billing, technical]
    texts: [text]
    shots: 0
    metrics: [macro_f1, accuracy]
"""


def open_board(clone: Path, key: Path) -> None:
    """Do what docs/en/private-board.md says: open the board, declare a task, say who signs."""
    words = (
        "--title", "Acme models", "--suites", "starter", "--private", "--colour", "#7a1fa2",
        "--gpu-runner", "self-hosted,acme", "--cpu-runner", "acme-cpu",
        "--repository", "https://git.acme.example/ml/board",
    )  # fmt: skip
    evaluator("init-board", *words, cwd=clone)
    home = clone / "board"
    (home / "tasks").mkdir()
    (home / "tasks/tickets.jsonl").write_text(TICKETS)
    board = home / "board.yaml"
    task = TASK.format(sha256=hashlib.sha256(TICKETS.encode()).hexdigest())
    area = (
        "      support:\n        - task: tickets\n          reason: What our own desk is asked.\n"
    )
    text = board.read_text()
    assert text.count("    areas:\n") == 1
    board.write_text(text.replace("    areas:\n", f"    areas:\n{area}") + task)
    evaluator("tasks", "lock", "tickets", cwd=clone)
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "acme", "-f", str(key)]
    subprocess.run(words, check=True)
    public = " ".join(key.with_suffix(".pub").read_text().split()[:2])
    (home / "allowed_signers").write_text(f"acme {public}\n")


@pytest.mark.heavy
def test_a_new_admin_gets_a_signed_number_on_a_site_of_his_own(world: World) -> None:
    forge = world.forge
    forge.visibility = "private"
    forge.vars |= {"ATTEST": "ssh", "APPROVAL": "dispatch"}
    clone = forge.clone("admin")
    key = forge.folder / "acme-key"
    open_board(clone, key)
    forge.secrets["results"] = {"SIGNING_KEY": key.read_text()}
    git("add", "-A", cwd=clone)
    git("commit", "-qm", "Open our board", cwd=clone)
    git("push", "-q", "origin", "main", cwd=clone)

    member = forge.clone("member")
    source = ROOT / "submissions/starter/small"
    home = member / "board/acme/small"
    shutil.copytree(source / "weights", home / "weights")
    for name in ("submission.yaml", "card.md"):
        shutil.copy(source / name, home)
    opened = world.propose(member, "member", "Add our model")
    assert opened.mergeable, opened.runs["validate.yml"].log
    pushed = forge.merge(opened)
    assert set(pushed["evaluate.yml"].results.values()) == {"skipped"}, "a person starts each run"

    run = forge.dispatch("evaluate.yml", submission="acme/small")
    assert run.result == "success", run.log
    files = forge.files("board/")
    results = [path for path in files if path.startswith("board/acme/small/results/")]
    assert sum(path.endswith(".json") for path in results) == 5, run.log
    assert any("/tickets/" in path for path in results)
    assert sum(path.endswith(".sums.sig") for path in files) == 1
    assert not forge.pages.exists(), "nothing of a private board is deployed"
    (site,) = [path for path in (forge.folder / "runs").rglob("github-pages") if path.is_dir()]
    assert "Acme models" in (site / "index.html").read_text("utf-8").partition("</title>")[0]

    fresh = forge.clone("auditor")
    audit = evaluator("audit", cwd=fresh, check=False)
    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert "acme" in audit.stdout
