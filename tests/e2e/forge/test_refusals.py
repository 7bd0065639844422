"""What goes wrong on the way, and who is told what: strangers, broken runners, hostile models.

A scenario that needs no model stops before one is run, or hands over what a bad runner would.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import World, write_submission
from .forge import git
from .run import Run


def test_an_invalid_submission_learns_all_its_faults_at_once(world: World) -> None:
    opened = world.submit(licence="no such thing!", **{"  revision": "main"})
    check = opened.runs["validate.yml"]
    assert not opened.mergeable
    assert "2 things to mend" in check.summary
    assert "never a branch or tag" in check.summary
    assert check.log.count("::error file=submissions/acme/tiny/submission.yaml,line=") == 2
    assert "Traceback" not in check.log


@pytest.mark.heavy
def test_nobody_edits_another_s_result_or_submission(world: World) -> None:
    clone = world.forge.clone("mallory")
    home = clone / "submissions/starter/small"
    path = next(home.glob("results/*/*/????????.json"))
    path.write_text(path.read_text().replace('"n": ', '"n":  '))
    opened = world.propose(clone, "mallory", "Better")
    assert not opened.mergeable
    assert "may not be changed by a contribution" in opened.runs["validate.yml"].log
    assert "mallory may not change this folder" in opened.runs["validate.yml"].log


def test_a_pull_request_cannot_bring_its_own_validator(world: World) -> None:
    """The validator comes from the base commit; modules beside the data are never imported."""
    clone = world.forge.clone("mallory")
    marker = world.forge.folder / "was-run"
    evil = f"open({str(marker)!r}, 'w').close()\n"
    (clone / "evaluator/ci/validate.py").write_text(evil)
    for name in ("yaml.py", "sitecustomize.py", "conftest.py"):
        (clone / name).write_text(evil)
    (clone / "Makefile").write_text(f"light gate env:\n\ttouch {marker}\n")
    write_submission(clone / "submissions/mallory/tiny")
    opened = world.propose(clone, "mallory", "Add a model")
    assert not opened.mergeable
    assert "two pull requests" in opened.runs["validate.yml"].log
    assert not marker.exists()


@pytest.mark.heavy
def test_titles_and_branches_never_reach_a_shell(world: World) -> None:
    """Row 75: a title and a branch that are commands."""
    clone = world.forge.clone("mallory")
    git("checkout", "-qb", "x;touch${IFS}pwned", cwd=clone)
    write_submission(clone / "submissions/mallory/tiny")
    opened = world.propose(clone, "mallory", 'a";touch pwned;"$(touch pwned)`touch pwned`')
    assert opened.mergeable, opened.runs["validate.yml"].log
    assert not list(world.forge.folder.rglob("pwned"))


def hand_over_and_finish(world: World, spoil: Callable[[Path], None], name: str = "tiny") -> Run:
    """Measure a submission, let a bad runner spoil what it hands over, and play the rest."""
    opened = world.submit(f"acme/{name}")
    run = world.forge.merge(opened, play=False)["evaluate.yml"]
    run.play(until="score")
    assert run.results["measure"] == "success", run.log
    spoil(run.artifacts)
    return run.play()


def shard_of(artifacts: Path) -> Path:
    """Return the folder of one task's shard in what was handed over."""
    return next(artifacts.glob("acme_tiny@1-of-1@1/*starter_choice*/1-of-1"))


def doubled(artifacts: Path) -> None:
    shutil.copytree(artifacts / "acme_tiny@1-of-1@1", artifacts / "acme_tiny@1-of-2@1")
    for old in list((artifacts / "acme_tiny@1-of-2@1").glob("*/1-of-1")):
        old.rename(old.with_name("1-of-2"))


def foreign(artifacts: Path) -> None:
    path = shard_of(artifacts) / "shard.json"
    facts = json.loads(path.read_text())
    path.write_text(json.dumps(facts | {"key": "0" * 64}))


def not_a_number(artifacts: Path) -> None:
    path = shard_of(artifacts) / "journal.jsonl"
    text = path.read_text()
    at = text.index('"logprob":') + len('"logprob":')
    end = min(text.index(mark, at) for mark in ",}" if mark in text[at:])
    path.write_text(text[:at] + "NaN" + text[end:])


def linked(artifacts: Path) -> None:
    """A link in place of a file: an artifact holds what it leads to."""
    path = shard_of(artifacts) / "journal.jsonl"
    path.unlink()
    path.symlink_to("/etc/hostname")


def lost(artifacts: Path) -> None:
    shutil.rmtree(artifacts / "acme_tiny@1-of-1@1")


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (foreign, "belongs to another measurement"),
        (doubled, "was handed over twice"),
        (linked, "broken after 0 bytes"),
        (not_a_number, "journal"),
        (lost, "no shard of it was handed over"),
    ],
)
def test_what_a_bad_runner_hands_over_is_refused(
    world: World, spoil: Callable[[Path], None], reason: str
) -> None:
    """Other tasks stand, the refused one leaves an attempt with its reason, people are told."""
    run = hand_over_and_finish(world, spoil)
    assert not any("starter_choice" in path for path in world.results("acme/tiny"))
    attempts = [
        json.loads(world.forge.show(path))
        for path in world.forge.files("submissions/acme/tiny/attempts/")
    ]
    reasons = {attempt["task"]: attempt["reason"] for attempt in attempts}
    assert reason in reasons["starter_choice"], run.log
    assert [issue["title"] for issue in world.forge.server.issues] == ["Not measured: acme/tiny"]
    assert "@alice" in world.forge.server.issues[0]["body"]
    assert "Traceback" not in run.log


@pytest.mark.heavy
def test_two_at_once_are_both_published(world: World) -> None:
    first, second = world.submit("acme/one"), world.submit("acme/two", author="bob")
    world.forge.push(first.merge_commit, "maintainer", play=False)
    run = world.forge.push(second.merge_commit, "maintainer", play=False)["evaluate.yml"]
    run.play()
    assert run.result == "success", run.log
    assert len(world.results("acme/one")) == len(world.results("acme/two")) == 4


@pytest.mark.heavy
def test_what_people_do_not_approve_is_not_run(world: World) -> None:
    world.forge.refused.add("models")
    run = world.forge.merge(world.submit())["evaluate.yml"]
    assert run.results["fetch"] == run.results["measure"] == "skipped"
    assert [path for path in world.hub.asked if "resolve" in path] == []
    assert world.results("acme/tiny") == []


@pytest.mark.heavy
def test_only_the_fetching_job_sees_the_hub_s_token(world: World) -> None:
    run = world.forge.merge(world.submit())["evaluate.yml"]
    assert run.result == "success", run.log
    seen = {job.name for job in run.jobs if job.secrets}
    assert seen == {"fetch"}
    assert "hf_read_only" not in run.log


@pytest.mark.heavy
def test_results_are_signed_where_the_board_has_a_key(world: World) -> None:
    key = world.forge.folder / "board-key"
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "board", "-f", str(key)]
    subprocess.run(words, check=True)
    clone = world.forge.clone("admin")
    public = " ".join(key.with_suffix(".pub").read_text().split()[:2])
    (clone / "submissions/allowed_signers").write_text(f"board {public}\n")
    git("add", "-A", cwd=clone)
    git("commit", "-qm", "Say who signs", cwd=clone)
    git("push", "-q", "origin", "main", cwd=clone)
    world.forge.vars["ATTEST"] = "ssh"
    world.forge.secrets["results"] = {"SIGNING_KEY": key.read_text()}
    run = world.forge.merge(world.submit())["evaluate.yml"]
    assert run.result == "success", run.log
    signed = [path for path in world.forge.files() if path.endswith(".sums.sig")]
    assert len(signed) == 1
    assert key.read_text().split("\n")[1] not in run.log
