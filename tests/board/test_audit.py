"""The audit on a board with a real git history: honest, then tampered with in every way we know."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from conftest import ROOT
from made_board import SIGNER, WORKFLOW, build, commit, copy, git, make_key, sign
from typer.testing import CliRunner

from evaluator.board.audit import audit
from evaluator.board.audited import Audit
from evaluator.board.seasons import find_season
from evaluator.board.seasons import write_season as write_file
from evaluator.board.submissions import read_tree
from evaluator.board.suites import Season, asked_now
from evaluator.cli import app
from evaluator.core import columns
from evaluator.core.errors import EvaluatorError
from evaluator.core.files import compress, pretty_bytes, sha256
from evaluator.measure.result import recompute_key

SMALL = "starter/small"
RANDOM = "baseline/random"
SIGNED = "baseline/majority"
SEED = "nobody knew this before"
DRAFT = Season(
    name="2026-1", title="First", summary="The first season.", references=(SMALL, RANDOM),
    seed_sha256="", seed="", opened="", closed="", suites={}, asked={}, amendments=(),
)  # fmt: skip


@dataclass(frozen=True)
class Story:
    """A board and what a reader remembers of it."""

    repository: Path
    seen: str
    """The commit that the reader saw last."""

    @property
    def tree(self) -> Path:
        return self.repository / "submissions"

    def result(self, task: str, model: str = SMALL) -> Path:
        return next((self.tree / model / "results" / task).glob("*/????????.json"))

    def audit(self) -> Audit:
        return audit(self.tree, self.seen)


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Story:
    repository = tmp_path_factory.mktemp("honest") / "board"
    repository.mkdir()
    return Story(repository, build(repository))


@pytest.fixture()
def story(honest: Story, tmp_path: Path) -> Story:
    shutil.copytree(honest.repository, tmp_path / "board", symlinks=True)
    return Story(tmp_path / "board", honest.seen)


def edit(path: Path, change: Callable[[dict], object]) -> None:
    value = json.loads(path.read_text())
    change(value)
    path.write_bytes(pretty_bytes(value))


def told(found: Audit) -> list[str]:
    return [str(fault) for fault in found.findings]


def test_an_honest_board_passes_and_every_number_follows_from_its_responses(honest):
    found = honest.audit()
    assert told(found) == [] and found.notes == ()
    assert {row.recomputed.tier for row in found.results} == {"responses"}
    assert found.unseen == ()
    assert found.head == git(honest.repository, "rev-parse", "HEAD")
    assert found.commits == int(git(honest.repository, "rev-list", "--count", "HEAD"))


def test_the_audit_says_who_added_each_number_in_which_commit(honest):
    for row in honest.audit().results:
        path = f"submissions/{row.standing.path}"
        wanted = git(honest.repository, "log", "--diff-filter=A", "--format=%H", "--", path)
        assert row.added is not None
        assert (row.added.commit, row.added.author) == (wanted, "Ada")
        assert row.added.date == "2026-12-01"
        signed = row.standing.path.startswith("baseline/majority/")
        assert (row.attested.signer if row.attested else "") == (SIGNER if signed else "")
        assert row.workflow == (WORKFLOW if signed else "")


def test_without_an_anchor_the_audit_says_what_it_cannot_see(honest):
    found = audit(honest.tree)
    assert any("rewritten" in sentence for sentence in found.unseen)
    assert any("no season has opened" in sentence for sentence in found.unseen)


def test_before_a_season_and_without_an_anchor_a_replacement_is_a_note(story):
    path = story.result("starter_choice")
    path.write_bytes(path.read_bytes() + b"\n")
    commit(story.repository, "Replace")
    found = audit(story.tree)
    assert told(found) == []
    assert any("changed after it was committed" in str(note) for note in found.notes)


def test_what_one_commit_did_to_many_files_is_one_note(story):
    names = ("starter_choice", "starter_matching")
    for path in map(story.result, names):
        path.write_bytes(path.read_bytes() + b"\n")
    commit(story.repository, "Replace")
    shown = CliRunner().invoke(app, ["audit", "--tree", str(story.tree)]).output
    (note,) = [line for line in shown.splitlines() if "changed after it was committed" in line]
    assert note.startswith(
        f"note: 2 files, such as {story.result(names[0]).relative_to(story.tree)}:"
    )


@pytest.mark.parametrize(
    ("action", "more", "unseen"),
    [
        ("exclude", ("--task", "starter_choice"), []),
        ("annotate", (), []),
        ("rescore", ("--task", "starter_choice"), []),
        ("decline", ("--task", "starter_choice", "--evidence", "https://example.org/x"), []),
        ("withdraw", (), []),
        ("takedown", ("--task", "starter_choice"), ["responses are no longer there"]),
    ],
)
def test_what_was_decided_is_no_finding(story, action, more, unseen):
    words = ("decide", action, SMALL, *more, "--by", "ada", "--reason", "for a good reason")
    done = CliRunner().invoke(app, [*words, "--tree", str(story.tree)])
    assert done.exit_code == 0, done.output
    commit(story.repository, "Decide")
    found = story.audit()
    assert told(found) == [] and found.notes == ()
    assert [row.recomputed.unseen for row in found.results if row.recomputed.unseen] == unseen


# --- tampering ---

Tampering = Callable[[Story], None]
TAMPERINGS: dict[str, tuple[Tampering, str, str]] = {}
"""What is done -> (how, file of the finding, reason it gives)."""


def tampering(what: str, file: str, reason: str) -> Callable[[Tampering], Tampering]:
    def note(function: Tampering) -> Tampering:
        TAMPERINGS[what] = function, file, reason
        return function

    return note


def in_result(what: str, task: str, reason: str, change: Callable[[dict], object]) -> None:
    """A tampering that edits one result of starter/small and commits it."""

    def function(story: Story) -> None:
        edit(story.result(task), change)
        commit(story.repository, "Update")

    TAMPERINGS[what] = function, f"{SMALL}/results/{task}/", reason


def set_metric(name: str, key: str, value: Callable[[dict], float]) -> Callable[[dict], object]:
    return lambda r: r["metrics"][name].__setitem__(key, value(r["metrics"][name]))


def flip(result: dict, name: str = "correct", item: int = 3) -> None:
    values = columns.unpack(name, result["columns"][name], result["n"])
    values[item] = 1 - values[item]
    result["columns"][name] = columns.pack(name, values)


in_result(
    "a digit in the primary metric",
    "starter_generation",
    "but its items give",
    set_metric("exact_match", "value", lambda m: m["value"] + 0.005),
)
in_result(
    "a digit in a metric that only responses give",
    "starter_choice",
    "but its responses give",
    set_metric("brier", "value", lambda m: m["value"] - 0.001),
)
in_result(
    "a narrower interval",
    "starter_choice",
    "but its items give",
    set_metric("acc", "low", lambda m: m["value"] - 0.001),
)
in_result("a flipped bit in the item vector", "starter_generation", "but its items give", flip)
in_result(
    "a flipped bit beside its labels", "starter_classification", "does not follow from pred", flip
)
in_result(
    "an edited prompt hash",
    "starter_choice",
    "is not the hash of its parts",
    lambda r: r["request_set"].update(sha256="0" * 64),
)
in_result(
    "an edited hash of the right answers",
    "starter_choice",
    "which tasks/lock.json holds",
    lambda r: r["request_set"].update(gold_sha256="0" * 64),
)
in_result(
    "an edited data hash",
    "starter_choice",
    "is not the pinned data",
    lambda r: r.update(data={"starter/choice": "0" * 64}),
)
in_result(
    "an edited weights hash",
    "starter_choice",
    "is not the manifest in lock.json",
    lambda r: r["model"]["manifest"]["model.safetensors"].update(sha256="0" * 64),
)
in_result("a wrong n", "starter_choice", "items need", lambda r: r.update(n=20))
in_result(
    "a partial run",
    "starter_choice",
    "never committed",
    lambda r: r.update(partial={"limit": 20, "of": 200}),
)
in_result(
    "a task version that never was", "starter_choice", "has no version 9",
    lambda r: r["task"].update(version=9),
)  # fmt: skip
in_result(
    "an older task version that never was asked so",
    "starter_choice",
    "ever held",
    lambda r: r["request_set"].update(sha256="0" * 64) or r.update(key=recompute_key(r)),
)
in_result(
    "a run dated after its commit",
    "starter_choice",
    "but committed on 2026-12-01",
    lambda r: r["run"].update(started="2027-01-01T00:00:00Z"),
)
in_result(
    "the clock of a run, so that another becomes official",
    "starter_choice",
    "changed after it was committed",
    lambda r: r["run"].update(started="2026-01-01T00:00:00Z"),
)


@tampering(
    "a forged item with all its metrics and groups made to fit", f"{SMALL}/results/", "items differ"
)
def forge_consistently(story: Story) -> None:
    from evaluator.board.check_result import check_result
    from evaluator.measure.result import items_of
    from evaluator.measure.score import canonical, interval_of, primary_score
    from evaluator.tasks import load_task

    task = load_task("starter_generation")
    path = story.result(task.name)

    def change(result: dict) -> None:
        values = columns.unpack("correct", result["columns"]["correct"], result["n"])
        result["columns"]["correct"] = columns.pack("correct", values * 0 + 1)
        score = primary_score(task.primary, items_of(result))
        stderr, low, high = interval_of(task.primary, score, ())
        numbers = {"value": score.value, "stderr": stderr, "low": low, "high": high}
        result["metrics"][task.primary.name].update(
            {key: canonical(value) for key, value in numbers.items()}
        )
        for found in result["groups"].values():
            found.update(value=1.0, high=1.0)

    edit(path, change)
    below = path.relative_to(story.tree).as_posix()
    assert check_result(story.tree, below, json.loads(path.read_text())) == []
    commit(story.repository, "Update")


@tampering("not a number", f"{SMALL}/results/starter_choice/", "NaN is not a number")
def write_nan(story: Story) -> None:
    path = story.result("starter_choice")
    path.write_text(path.read_text().replace('"n": 200', '"n": NaN', 1))
    commit(story.repository, "Update")


@tampering("swapped results", f"{SMALL}/results/starter_choice/", "it belongs at")
def swap(story: Story) -> None:
    first, second = story.result("starter_choice"), story.result("starter_matching")
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    commit(story.repository, "Update")


@tampering("a result copied under another model", f"{RANDOM}/results/", "it belongs at")
def copy_result(story: Story) -> None:
    path = story.result("starter_choice")
    target = story.tree / RANDOM / path.relative_to(story.tree / SMALL)
    shutil.copytree(path.parent, target.parent)
    commit(story.repository, "Add a result")


@tampering(
    "a copied result that names the other model", f"{RANDOM}/results/", "not the manifest in lock"
)
def copy_renamed(story: Story) -> None:
    path = story.result("starter_choice")
    target = story.tree / RANDOM / path.relative_to(story.tree / SMALL)
    shutil.copytree(path.parent, target.parent)
    edit(target, lambda r: r.update(submission=RANDOM))
    commit(story.repository, "Add a result")


@tampering("an edited lock of weights", f"{SMALL}/results/", "is not the manifest in lock.json")
def edit_lock(story: Story) -> None:
    edit(
        story.tree / SMALL / "lock.json",
        lambda lock: lock["manifest"]["config.json"].update(sha256="0" * 64),
    )
    commit(story.repository, "Update")


@tampering("other weights", f"{SMALL}/lock.json", "model.safetensors differ")
def edit_weights(story: Story) -> None:
    path = story.tree / SMALL / "weights/model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    commit(story.repository, "Update")


@tampering("edited responses", f"{SMALL}/results/starter_choice/", "is not the hash of")
def edit_responses(story: Story) -> None:
    path = next(story.result("starter_choice").parent.glob("*.gz"))
    lines = gzip.decompress(path.read_bytes()).replace(b'"logprob":-', b'"logprob":-9', 1)
    path.write_bytes(compress(lines))
    commit(story.repository, "Update")


@tampering("responses of another form", f"{SMALL}/results/starter_choice/", "must have the fields")
def replace_responses(story: Story) -> None:
    path = next(story.result("starter_choice").parent.glob("*.gz"))
    path.write_bytes(compress(b"{}\n"))
    commit(story.repository, "Update")


@tampering("removed responses", f"{SMALL}/results/starter_choice/", "without a takedown")
def remove_responses(story: Story) -> None:
    path = story.result("starter_choice")
    next(path.parent.glob("*.gz")).unlink()
    edit(path, lambda r: r["responses"].update(kept=False))
    commit(story.repository, "Save space")


@tampering("a deleted result", f"{RANDOM}/results/starter_choice/", "removed after it was")
def delete_result(story: Story) -> None:
    shutil.rmtree(story.tree / RANDOM / "results/starter_choice")
    commit(story.repository, "Tidy up")


@tampering("a deleted loser", f"{RANDOM}/results/starter_choice/", "removed after it was")
def delete_loser(story: Story) -> None:
    shutil.rmtree(story.tree / RANDOM)
    commit(story.repository, "Tidy up")


@tampering(
    "a loser without its declaration", f"{RANDOM}/submission.yaml", "removed with the results"
)
def delete_declaration(story: Story) -> None:
    (story.tree / RANDOM / "submission.yaml").unlink()
    commit(story.repository, "Tidy up")


@tampering("a loser that left the suite", f"{SMALL}/submission.yaml", "without a withdraw decision")
def leave_suite(story: Story) -> None:
    path = story.tree / SMALL / "submission.yaml"
    path.write_text(path.read_text().replace("suites: [starter]", "suites: [core]"))
    commit(story.repository, "Change the suite")


@tampering(
    "another model under the same results", f"{SMALL}/submission.yaml", "the model was changed"
)
def swap_model(story: Story) -> None:
    path = story.tree / SMALL / "submission.yaml"
    path.write_text(path.read_text().replace("dtype: float32", "dtype: bfloat16"))
    commit(story.repository, "Another number format")


@tampering("a renamed result", f"{SMALL}/results/starter_choice/", "removed after it was")
def rename_result(story: Story) -> None:
    path = story.result("starter_choice")
    path.rename(path.with_name("00000000.json"))
    commit(story.repository, "Rename")


@tampering(
    "an edit that was taken back", f"{SMALL}/results/starter_choice/", "changed after it was"
)
def edit_and_restore(story: Story) -> None:
    path = story.result("starter_choice")
    before = path.read_bytes()
    edit(path, lambda r: r["counts"].update(ties=1))
    commit(story.repository, "Update")
    path.write_bytes(before)
    commit(story.repository, "Take it back")


@tampering(
    "a removal that was taken back", f"{SMALL}/results/starter_choice/", "removed after it was"
)
def delete_and_restore(story: Story) -> None:
    path = story.result("starter_choice")
    before = path.read_bytes()
    path.unlink()
    commit(story.repository, "Remove")
    path.write_bytes(before)
    commit(story.repository, "Take it back")


@tampering("an edit on a branch that was merged", f"{SMALL}/results/", "changed after it was")
def edit_on_branch(story: Story) -> None:
    git(story.repository, "switch", "-q", "-c", "side")
    edit(story.result("starter_choice"), lambda r: r["counts"].update(ties=1))
    commit(story.repository, "Update")
    git(story.repository, "switch", "-q", "main")
    git(story.repository, "merge", "-q", "--no-ff", "-m", "Merge", "side")


@tampering(
    "an evil merge that edits a digit", f"{SMALL}/results/starter_choice/", "changed after it"
)
def merge_evil(story: Story) -> None:
    git(story.repository, "switch", "-q", "-c", "side")
    card = story.tree / SMALL / "card.md"
    card.write_text(card.read_text() + "\nMore.\n")
    commit(story.repository, "Tell more")
    git(story.repository, "switch", "-q", "main")
    git(story.repository, "merge", "-q", "--no-ff", "--no-commit", "side")
    edit(story.result("starter_choice"), set_metric("brier", "value", lambda m: m["value"] - 0.001))
    commit(story.repository, "Merge")


@tampering(
    "a merge that drops the other side's result", "baseline/copy/results/", "removed after it"
)
def merge_ours(story: Story) -> None:
    git(story.repository, "switch", "-q", "-c", "side")
    path = story.tree / "baseline/copy/results/starter_choice/0123456789ab/01234567.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}\n")
    commit(story.repository, "Add a result")
    git(story.repository, "switch", "-q", "main")
    git(story.repository, "merge", "-q", "-s", "ours", "-m", "Merge", "side")
    assert not path.exists()


@tampering("a history rewritten past the anchor", "", "is no ancestor")
def rewrite(story: Story) -> None:
    git(story.repository, "reset", "-q", "--hard", f"{story.seen}~1")
    edit(story.result("starter_choice"), lambda r: r["run"].update(seconds=1.0))
    git(story.repository, "commit", "-q", "-a", "--amend", "-m", "Merge starter/small")
    copy(story.repository, "baseline/majority")
    commit(story.repository, "Add baseline/majority with its results")


@tampering("a replaced object over an edit", f"{SMALL}/results/", "changed after it was")
def replace_object(story: Story) -> None:
    honest = git(story.repository, "rev-parse", "HEAD")
    edit(story.result("starter_choice"), lambda r: r["counts"].update(ties=1))
    edited = commit(story.repository, "Update")
    git(story.repository, "replace", edited, honest)


@tampering("an edited decision", "decisions/", "changed after it was")
def edit_decision(story: Story) -> None:
    path = next((story.tree / "decisions").glob("*.yaml"))
    path.write_text(path.read_text().replace("ada", "bob"))
    commit(story.repository, "Update")


@tampering("a removed decision", "decisions/", "removed after it was")
def remove_decision(story: Story) -> None:
    next((story.tree / "decisions").glob("*.yaml")).unlink()
    commit(story.repository, "Update")


@tampering("a removed attempt", f"{RANDOM}/attempts/", "removed after it was")
def remove_attempt(story: Story) -> None:
    shutil.rmtree(story.tree / RANDOM / "attempts")
    commit(story.repository, "Update")


@tampering(
    "a link in place of a result", f"{SMALL}/results/starter_choice/", "another kind of file"
)
def link_result(story: Story) -> None:
    path = story.result("starter_choice")
    aside = story.repository / "aside.json"
    path.rename(aside)
    path.symlink_to(aside)
    commit(story.repository, "Link")


@tampering("a signed result that differs", f"{SIGNED}/results/", "differs from what runner@board")
def edit_signed(story: Story) -> None:
    edit(story.result("starter_choice", SIGNED), lambda r: r["run"].update(seconds=1.0))
    commit(story.repository, "Update")


@tampering("a signed result that is gone", f"{SIGNED}/results/", "is missing, but runner@board")
def remove_signed(story: Story) -> None:
    shutil.rmtree(story.tree / SIGNED)
    commit(story.repository, "Tidy up")


@tampering("a signature by a stranger's key", "attestations/", "no key that allowed_signers allows")
def sign_with_own_key(story: Story) -> None:
    key = make_key(story.repository.parent, "stranger")
    edit(story.result("starter_choice"), lambda r: r["run"].update(trust="ci"))
    sign(story.repository, SMALL, key)
    commit(story.repository, "Sign")


@tampering("a key that nobody knows any more", "attestations/", "no key that allowed_signers")
def replace_signers(story: Story) -> None:
    key = make_key(story.repository.parent, "stranger")
    public = key.with_suffix(".pub").read_text()
    (story.tree / "allowed_signers").write_text(f"{SIGNER} {public}")
    commit(story.repository, "Another key")


@tampering("a removed signature", "attestations/", "removed after it was")
def remove_signature(story: Story) -> None:
    shutil.rmtree(story.tree / "attestations")
    commit(story.repository, "Tidy up")


@tampering("a list of another result under an old signature", "attestations/", "Signature verif")
def edit_list(story: Story) -> None:
    path = next((story.tree / "attestations").glob("*.sums"))
    data = path.read_bytes().replace(SIGNED.encode(), SMALL.encode())
    renamed = path.with_name(f"{sha256(data)[:12]}.sums")
    renamed.write_bytes(data)
    path.with_name(f"{path.name}.sig").rename(f"{renamed}.sig")
    path.unlink()
    commit(story.repository, "Update")


@tampering("a workflow's result that nobody signed", f"{RANDOM}/results/", "no key of allowed_sig")
def forge_trust(story: Story) -> None:
    path = story.result("starter_choice", RANDOM)
    late = path.with_name("00000000.json")
    late.write_bytes(path.read_bytes())
    edit(late, lambda r: r["run"].update(trust="ci"))
    commit(story.repository, "Add results")


def write_season(story: Story, message: str = "Season", **parts: object) -> None:
    """Write the season 2026-1 with these parts changed, and commit it."""
    tree = read_tree(story.tree)
    season = next((s for s in tree.seasons if s.name == "2026-1"), DRAFT)
    season = replace(season, **parts)
    write_file(story.tree, season)
    commit(story.repository, message)


def open_now(story: Story) -> None:
    """Commit to a seed, reveal it, open the season."""
    write_season(story, "Draft a season", seed_sha256=sha256(SEED.encode()))
    write_season(story, "Reveal the seed", seed=SEED)
    tree = read_tree(story.tree)
    asked = {task: asked_now(task) for task in tree.board.suites["starter"].tasks}
    suites = {"starter": tree.board.suites["starter"]}
    write_season(story, "Open the season", opened="2026-12-01", suites=suites, asked=asked)


@tampering("a seed that could have been chosen", "seasons/2026-1.yaml", "could have been chosen")
def choose_seed(story: Story) -> None:
    write_season(story, seed_sha256=sha256(SEED.encode()), seed=SEED)


@tampering("a seed that was drawn again", "seasons/2026-1.yaml", "another seed than before")
def draw_again(story: Story) -> None:
    write_season(story, seed_sha256=sha256(SEED.encode()))
    write_season(story, seed_sha256=sha256(b"a seed that suits us better"))


@tampering("another seed than was committed to", "seasons/2026-1.yaml", "not the one whose sha256")
def reveal_another(story: Story) -> None:
    write_season(story, seed_sha256=sha256(SEED.encode()))
    write_season(story, seed="a seed that suits us better")


@tampering("an open season that asks otherwise", "seasons/2026-1.yaml", "without an amendment")
def thaw(story: Story) -> None:
    open_now(story)
    season = find_season(read_tree(story.tree), "2026-1")
    asked = season.asked | {"starter_choice": replace(season.asked["starter_choice"], scorer=9)}
    write_season(story, asked=asked)


@tampering("an open season without its losers", "seasons/2026-1.yaml", "references changed after")
def drop_reference(story: Story) -> None:
    open_now(story)
    write_season(story, references=(RANDOM,))


@tampering("a closed season that goes on", "seasons/2026-1.yaml", "changed after it closed")
def reopen(story: Story) -> None:
    open_now(story)
    write_season(story, closed="2026-12-02")
    write_season(story, closed="")


@tampering("a season that is gone", "seasons/2026-1.yaml", "removed, in commit")
def remove_season(story: Story) -> None:
    open_now(story)
    (story.tree / "seasons/2026-1.yaml").unlink()
    commit(story.repository, "Tidy up")


def run_again(story: Story, **run: object) -> None:
    """Commit another run of a measurement, with these facts about when and by whom."""
    late = story.result("starter_choice").with_name("00000000.json")
    late.write_bytes(story.result("starter_choice").read_bytes())
    edit(
        late,
        lambda r: r["responses"].update(sha256="0" * 64, kept=False) or r["run"].update(**run),
    )
    commit(story.repository, "Add another run")


@tampering("a run dated back before another", f"{SMALL}/results/", "claims an earlier start")
def date_back(story: Story) -> None:
    run_again(story, started="2026-01-01T00:00:00Z", trust="ci")


@tampering("a run dated back into a closed season", f"{SMALL}/results/", "2026-1 closed on")
def date_into_closed(story: Story) -> None:
    open_now(story)
    write_season(story, closed="2026-12-02")
    run_again(story, started="2026-12-01T00:00:00Z")


@tampering("an edit that is not committed", f"{SMALL}/results/", "differs from what is committed")
def edit_only(story: Story) -> None:
    edit(story.result("starter_choice"), lambda r: r["run"].update(seconds=1.0))


@tampering("a removal that is not committed", f"{SMALL}/results/", "missing in the working tree")
def remove_only(story: Story) -> None:
    shutil.rmtree(story.result("starter_choice").parent)


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_is_found_and_told_with_file_and_reason(story, what):
    tamper, file, reason = TAMPERINGS[what]
    tamper(story)
    found = told(story.audit())
    assert any(line.startswith(file) and reason in line for line in found), found


def test_there_are_enough_kinds_of_tampering():
    assert len(TAMPERINGS) >= 24


# --- what looks alike and is honest ---


def test_an_open_season_binds_without_an_anchor(story):
    open_now(story)
    found = audit(story.tree)
    assert told(found) == []
    assert not any("no season has opened" in sentence for sentence in found.unseen)
    edit(story.result("starter_choice"), lambda r: r["run"].update(seconds=1.0))
    commit(story.repository, "Update")
    assert any("changed after it was committed" in line for line in told(audit(story.tree)))


def test_a_season_that_was_amended_and_closed_is_no_finding(story):
    open_now(story)
    git(story.repository, "switch", "-q", "-c", "side", "HEAD~3")
    commit_card(story)
    git(story.repository, "switch", "-q", "main")
    season = find_season(read_tree(story.tree), "2026-1")
    asked = season.asked | {"starter_choice": replace(season.asked["starter_choice"], scorer=9)}
    change = {"task": "starter_choice", "part": "scorer", "before": "1", "after": "9"}
    facts = {"date": "2026-12-02", "by": "ada", "reason": "a mended scorer", "changes": [change]}
    write_season(story, asked=asked, amendments=(facts,))
    write_season(story, closed="2026-12-03")
    git(story.repository, "merge", "-q", "--no-ff", "-m", "Merge", "side")
    assert not any(line.startswith("seasons/") and "commit" in line for line in told(story.audit()))


def test_a_run_that_claims_an_earlier_start_is_noted(story):
    """Row 61: an old result that is added again to become the official one."""
    run_again(story, started="2026-01-01T00:00:00Z")
    assert any("claims an earlier start" in str(note) for note in story.audit().notes)


def test_what_is_excluded_or_says_that_it_is_new_harms_no_closed_season(story):
    open_now(story)
    write_season(story, closed="2026-12-01")
    run_again(story, started="2026-12-02T00:00:00Z")
    assert not any("closed on" in line for line in told(story.audit()))


def commit_card(story: Story) -> None:
    card = story.tree / SMALL / "card.md"
    card.write_text(card.read_text() + "\nMore.\n")
    commit(story.repository, "Tell more")


def test_a_new_card_and_a_result_not_yet_committed_are_no_findings(story):
    commit_card(story)
    shutil.rmtree(story.tree / RANDOM / "results")
    git(story.repository, "checkout", "--", ".")
    copy(story.repository, "starter/medium")
    found = story.audit()
    assert told(found) == []
    assert sum("not committed yet" in str(note) for note in found.notes) == 4


def test_many_results_are_spread_over_processes_and_give_the_same(honest, monkeypatch):
    wanted = honest.audit()
    monkeypatch.setattr("evaluator.board.recompute.MANY", 1)
    assert honest.audit() == wanted


def test_a_folder_outside_git_cannot_be_audited(tree):
    with pytest.raises(EvaluatorError, match="not in a git repository"):
        audit(tree)


def test_a_shallow_clone_says_so(honest, tmp_path):
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{honest.repository}", "shallow")
    found = audit(tmp_path / "shallow/submissions")
    assert any("shallow" in sentence for sentence in found.unseen)


# --- the command ---


def run_audit(story: Story, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evaluator", "audit", "--tree", str(story.tree), *words]
    env = os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False)


def test_the_command_prints_a_table_and_ends_with_0_or_1(story):
    done = run_audit(story, "--anchor", story.seen[:12])
    assert done.returncode == 0, done.stderr
    assert "12 results" in done.stdout and "0 findings" in done.stdout
    rewrite(story)
    done = run_audit(story, "--anchor", story.seen[:12])
    assert done.returncode == 1
    assert "is no ancestor" in done.stderr and "Traceback" not in done.stderr


def test_the_command_prints_json(honest):
    done = run_audit(honest, "--anchor", honest.seen, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["findings"] == []
    assert {row["follows_from"] for row in found["results"]} == {"responses"}
    assert all(len(row["added"]["commit"]) == 40 for row in found["results"])
