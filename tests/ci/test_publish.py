"""Publish: new files alone, checked, in one commit that says where it comes from."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from ci.conftest import RUN
from conftest_e2e import git
from synthetic import SEASON

from evaluator.board.attest import NAMESPACE, verify_results
from evaluator.board.claims import why_refused
from evaluator.board.suites import asked_now
from evaluator.board.tree import Standing
from evaluator.ci.publish import publish, push
from evaluator.core.errors import DocumentError, RunError
from evaluator.core.files import pretty_bytes

NAME = "starter/small"
TASK = "starter_choice"
HOME = f"submissions/{NAME}"


@pytest.fixture()
def handed(repository: Path, tmp_path: Path) -> Path:
    """Take one task's results off the board and hand them over as new ones."""
    to = tmp_path / "handed/starter_small@scored@1" / NAME
    results = repository / HOME / "results/starter_choice"
    shutil.copytree(results, to / "results/starter_choice")
    shutil.rmtree(results)
    git("add", "-A", cwd=repository)
    git("commit", "-qm", "As if it had never been measured", cwd=repository)
    return tmp_path / "handed"


def folder(handed: Path) -> Path:
    return handed / "starter_small@scored@1" / NAME


def test_new_files_become_one_commit(repository: Path, handed: Path, workflow: Path) -> None:
    added = publish(repository / "submissions", NAME, handed)
    assert [path.rsplit(".", 1)[1] for path in added] == ["json", "gz"]
    assert git("log", "-1", "--format=%s%n%b", cwd=repository) == (
        f"Add 1 result of {NAME}\nWorkflow: {RUN}"
    )
    assert git("status", "--porcelain", cwd=repository) == ""
    assert publish(repository / "submissions", NAME, handed) == [], "nothing is done twice"


def test_what_a_killed_process_had_laid_down_is_published(
    repository: Path, handed: Path, workflow: Path
) -> None:
    laid = next(folder(handed).glob("results/*/*/????????.json"))
    to = repository / HOME / laid.relative_to(folder(handed))
    to.parent.mkdir(parents=True)
    shutil.copy(laid, to)
    assert len(publish(repository / "submissions", NAME, handed)) == 2
    assert git("status", "--porcelain", cwd=repository) == ""


def test_what_stands_never_changes(repository: Path, handed: Path) -> None:
    """Row 61: neither an edited result nor an older one comes in the place of another."""
    other = next((repository / HOME / "results/starter_matching").glob("*/*.json"))
    to = folder(handed) / other.relative_to(repository / HOME)
    to.parent.mkdir(parents=True)
    to.write_text(other.read_text() + "\n")
    before = git("rev-parse", "HEAD", cwd=repository)
    with pytest.raises(RunError, match="what stands never changes"):
        publish(repository / "submissions", NAME, handed)
    assert git("rev-parse", "HEAD", cwd=repository) == before


def test_a_time_that_is_still_to_come_is_refused(repository: Path, handed: Path) -> None:
    path = next(folder(handed).glob("results/*/*/????????.json"))
    result = json.loads(path.read_text())
    result["run"]["started"] = "2999-01-01T00:00:00Z"
    path.write_bytes(pretty_bytes(result))
    with pytest.raises(DocumentError, match="2999-01-01T00:00:00Z, and it is 20"):
        publish(repository / "submissions", NAME, handed)
    assert not list((repository / HOME).glob("results/starter_choice/*/*"))


def test_a_run_cannot_enter_a_season_that_has_closed() -> None:
    closed = replace(SEASON, closed="2026-05-01", asked={TASK: asked_now(TASK)})
    late, early = run("2026-05-02T00:00:00Z", "1"), run("2026-05-01T00:00:00Z", "1")
    assert why_refused(late, [], [closed], "2026-06-01T00:00:00Z") == ""
    assert "before season made closed" in why_refused(early, [], [closed], "2026-06-01T00:00:00Z")
    of_the_next = early | {"task": {"name": "starter_matching"}}
    assert why_refused(of_the_next, [], [closed], "2026-06-01T00:00:00Z") == "", "not asked there"


def test_a_run_cannot_overtake_the_one_that_stands() -> None:
    standing = Standing(path="x", result=run("2026-03-01T00:00:00Z", "1"))
    late, early = run("2026-03-02T00:00:00Z", "2"), run("2026-02-01T00:00:00Z", "2")
    now = "2026-04-01T00:00:00Z"
    assert why_refused(late, [standing], [], now) == ""
    assert "before the run that stands" in why_refused(early, [standing], [], now)
    assert why_refused(early | {"key": "other"}, [standing], [], now) == ""


def test_what_is_scored_anew_is_as_old_as_its_run() -> None:
    closed = replace(SEASON, closed="2026-05-01", asked={TASK: asked_now(TASK)})
    first = run("2026-03-01T00:00:00Z", "1")
    standing = Standing(path="x", result=first)
    assert why_refused(first | {"scorer": 2}, [standing], [closed], "2026-06-01T00:00:00Z") == ""


def run(started: str, responses: str) -> dict:
    facts = {"key": "k", "task": {"name": TASK}, "responses": {"sha256": responses}}
    return facts | {"run": {"started": started}}


def test_a_result_that_does_not_fit_is_taken_back(repository: Path, handed: Path) -> None:
    """Row 58: a number that was raised after scoring."""
    path = next(folder(handed).glob("results/*/*/????????.json"))
    result = json.loads(path.read_text())
    primary = result["primary"]
    result["metrics"][primary]["value"] += 0.01
    path.write_text(json.dumps(result))
    with pytest.raises(DocumentError):
        publish(repository / "submissions", NAME, handed)
    assert git("status", "--porcelain", "--untracked-files=all", cwd=repository) == ""


@pytest.mark.parametrize(
    "extra", [".env", "weights/x.bin", "submission.yaml", "results/a/b/c.json"]
)
def test_other_files_are_left_alone(repository: Path, handed: Path, extra: str) -> None:
    (folder(handed) / extra).parent.mkdir(parents=True, exist_ok=True)
    (folder(handed) / extra).write_text("evil")
    assert len(publish(repository / "submissions", NAME, handed)) == 2
    assert git("status", "--porcelain", cwd=repository) == ""


def test_a_link_in_place_of_a_result_is_refused(repository: Path, handed: Path) -> None:
    path = next(folder(handed).glob("results/*/*/????????.json"))
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(RunError, match="handed over as a link"):
        publish(repository / "submissions", NAME, handed)


def test_what_was_handed_over_last_counts(repository: Path, handed: Path) -> None:
    shutil.copytree(handed / "starter_small@scored@1", handed / "starter_small@scored@2")
    for path in folder(handed).glob("results/*/*/????????.json"):
        path.write_text("{}")
    assert len(publish(repository / "submissions", NAME, handed)) == 2


def test_nothing_handed_over_is_told(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="nothing was handed over"):
        publish(repository / "submissions", NAME, tmp_path / "empty")


def test_results_are_signed_and_the_signature_verified(
    repository: Path, handed: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "board", "-f", str(key)]
    subprocess.run(words, check=True)
    public = key.with_suffix(".pub").read_text().split()
    root = repository / "submissions"
    (root / "allowed_signers").write_text(
        f'board namespaces="{NAMESPACE}" {" ".join(public[:2])}\n'
    )
    git("add", "-A", cwd=repository)
    git("commit", "-qm", "Say who may sign", cwd=repository)
    added = publish(root, NAME, handed, key.read_text())
    assert sum(path.endswith(".sums.sig") for path in added) == 1
    held, faults = verify_results(root)
    assert faults == []
    assert [attestation.signer for attestation in held] == ["board"]


def test_a_push_lands_on_top_of_what_others_pushed(
    repository: Path, handed: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare.git"
    git("clone", "-q", "--bare", str(repository), str(bare), cwd=tmp_path)
    git("remote", "add", "origin", str(bare), cwd=repository)
    git("clone", "-q", str(bare), "other", cwd=tmp_path)
    (tmp_path / "other/meanwhile").write_text("by somebody else")
    git("add", "-A", cwd=tmp_path / "other")
    git("commit", "-qm", "Meanwhile", cwd=tmp_path / "other")
    git("push", "-q", "origin", "main", cwd=tmp_path / "other")
    publish(repository / "submissions", NAME, handed)
    push(repository)
    names = git("ls-tree", "-r", "--name-only", "main", cwd=bare).split()
    assert "meanwhile" in names
    assert any("results/starter_choice" in name for name in names)


def test_a_push_that_is_refused_is_a_sentence(repository: Path, tmp_path: Path) -> None:
    git("remote", "add", "origin", str(tmp_path / "nowhere"), cwd=repository)
    with pytest.raises(RunError, match="cannot push to main"):
        push(repository)


FAKE_SSH = """\
#!/bin/sh
# takes whoever asks to the repository beside it, as a server with this deploy key would
echo "$@" >> {folder}/asked
while [ "$1" != -i ]; do shift; done
stat -c %a "$2" > {folder}/mode; cp "$2" {folder}/key
for command; do :; done
cd {folder} && eval "$(echo "$command" | sed "s#'/#'./#")"
"""


def test_a_deploy_key_pushes_where_the_token_may_not(
    repository: Path, handed: Path, workflow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules of main refuse the workflow's token: ssh is asked, and the key is gone after it."""
    bare = tmp_path / "server/board/leaderboard.git"
    bare.parent.mkdir(parents=True)
    git("clone", "-q", "--bare", str(repository), str(bare), cwd=tmp_path)
    git("remote", "add", "origin", str(bare), cwd=repository)
    program = tmp_path / "bin/ssh"
    program.parent.mkdir()
    program.write_text(FAKE_SSH.format(folder=tmp_path / "server"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("PUSH_KEY", "a private key")
    publish(repository / "submissions", NAME, handed)
    push(repository)
    assert git("rev-parse", "main", cwd=bare) == git("rev-parse", "HEAD", cwd=repository)
    server = tmp_path / "server"
    assert (server / "key").read_text() == "a private key\n"
    assert (server / "mode").read_text() == "600\n"
    asked = (server / "asked").read_text()
    assert "IdentitiesOnly=yes" in asked and "git@github.com" in asked
    assert not Path(asked.split("-i ")[1].split()[0]).exists()
