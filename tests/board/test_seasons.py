"""A season is drafted, its seed revealed, opens once its references are measured, and closes."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from conftest import ROOT
from made_changes import change_task, retire_task
from typer.testing import CliRunner

from evaluator.board.check import check_tree
from evaluator.board.publish import read_site
from evaluator.board.publish.model import model_data
from evaluator.board.publish.pages import Pages
from evaluator.board.queue import plan
from evaluator.board.ranking import rank_season
from evaluator.board.submissions import read_tree
from evaluator.cli import app
from evaluator.core.errors import TaskError
from evaluator.core.files import sha256
from evaluator.measure.data import load_examples
from evaluator.tasks import load_task

NEW = ("new", "2026-1", "--title", "First", "--summary", "The first season.")


def season(tree, *words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["season", *words, "--tree", str(tree)])
    assert (done.exit_code == 0) == (code == 0), done.output or str(done.exception)
    return done.output if code == 0 else str(done.exception)


@pytest.fixture()
def starter(tree):
    """A board with the starter suite alone."""
    text = (tree / "board.yaml").read_text()
    kept = text[: text.index("  core:\n")] + text[text.index("limits:") :]
    (tree / "board.yaml").write_text(kept)
    return tree


def draft(tree, *words: str) -> None:
    season(tree, *NEW, "--reference", "starter/small", *words)


def test_it_opens_closes_and_is_ranked_for_ever_as_it_asked(starter, monkeypatch):
    draft(starter)
    season(starter, "open", "2026-1")
    before = rank_season(read_tree(starter), read_tree(starter).seasons[0])["starter"]
    season(starter, "close", "2026-1")
    assert "closed" in season(starter, "list")
    (starter / "board.yaml").write_text(
        (starter / "board.yaml").read_text().replace("season: 2026-1", "season: 2026-2")
    )
    assert check_tree(starter) == []
    change_task(monkeypatch, "starter_choice", scorer=2)
    after = rank_season(read_tree(starter), read_tree(starter).seasons[0])["starter"]
    assert [(p.entry.submission.id, p.index) for p in after.places] == [
        (p.entry.submission.id, p.index) for p in before.places
    ]
    assert len(after.places) == 5


def test_a_result_measured_after_the_closing_does_not_enter(starter):
    draft(starter)
    season(starter, "open", "2026-1")
    season(starter, "close", "2026-1")
    path = starter / "seasons/2026-1.yaml"
    text = path.read_text()
    for line in text.splitlines():
        if line.startswith(("opened:", "closed:")):
            text = text.replace(line, f"{line.split(':')[0]}: '2026-01-01'")
    path.write_text(text)
    read = read_tree(starter)
    assert rank_season(read, read.seasons[0])["starter"].places == ()


def test_it_does_not_open_before_its_references_are_measured(starter):
    shutil.rmtree(starter / "starter/small/results/starter_choice")
    draft(starter)
    told = season(starter, "open", "2026-1", code=1)
    assert "starter/small on starter_choice: pending" in told
    assert read_tree(starter).seasons[0].state == "draft"


def test_it_does_not_open_with_a_suite_that_no_reference_asks_for(tree):
    draft(tree)
    assert "no reference model asks for the suite core" in season(tree, "open", "2026-1", code=1)


def test_two_are_never_open(starter):
    draft(starter)
    season(starter, "open", "2026-1")
    season(starter, "new", "2026-2", *NEW[2:], "--reference", "starter/small")
    told = season(starter, "open", "2026-2", code=1)
    assert "season 2026-1 is open: close it first" in told
    assert "board.yaml is in season 2026-1" in told


def test_the_seed_is_committed_before_it_is_revealed(starter, tmp_path):
    draft(starter, "--secret", str(tmp_path / "seed"))
    text = (starter / "seasons/2026-1.yaml").read_text()
    assert (tmp_path / "seed").read_text().strip() not in text
    assert (tmp_path / "seed").stat().st_mode & 0o077 == 0  # nobody else reads it
    assert "its seed is not revealed" in season(starter, "open", "2026-1", code=1)
    (tmp_path / "other").write_text("another seed, sixteen letters or more")
    wrong = season(starter, "reveal", "2026-1", "--secret", str(tmp_path / "other"), code=1)
    assert "not the seed" in wrong
    season(starter, "reveal", "2026-1", "--secret", str(tmp_path / "seed"))
    season(starter, "open", "2026-1")
    late = season(starter, "reveal", "2026-1", "--secret", str(tmp_path / "seed"), code=1)
    assert "its seed stands" in late
    text = (starter / "seasons/2026-1.yaml").read_text()
    seed = (tmp_path / "seed").read_text().strip()
    (starter / "seasons/2026-1.yaml").write_text(text.replace(f"seed: {seed}", f"seed: x{seed}"))
    assert any("not the one whose sha256" in fault.message for fault in check_tree(starter))


def test_what_an_open_season_froze_is_held_until_it_is_amended(starter, monkeypatch):
    draft(starter)
    season(starter, "open", "2026-1")
    change_task(monkeypatch, "starter_choice", scorer=2)
    (fault,) = [f for f in check_tree(starter) if f.path == "seasons/2026-1.yaml"]
    assert "froze another scorer" in fault.message
    told = season(starter, "amend", "2026-1", "--by", "ada", "--reason", "the scorer had a fault")
    assert "starter_choice" in told
    assert not [f for f in check_tree(starter) if f.path == "seasons/2026-1.yaml"]
    (entry,) = read_tree(starter).seasons[0].amendments
    assert entry["changes"] == [
        {"task": "starter_choice", "part": "scorer", "before": "1", "after": "2"}
    ]
    again = season(starter, "amend", "2026-1", "--by", "ada", "--reason", "once more", code=1)
    assert "no change" in again


def test_a_draft_that_cannot_be_written_leaves_no_seed_behind(starter, tmp_path):
    secret = tmp_path / "seed"
    words = ("--reference", "starter/small", "--secret", str(secret))
    for title in ("", "x" * 1000):
        season(starter, "new", "2026-1", "--title", title, *NEW[4:], *words, code=1)
        assert not secret.exists() and not list(starter.glob("seasons/*"))
    season(starter, *NEW, *words)
    seed = secret.read_bytes()
    again = season(starter, "new", "2026-2", *NEW[2:], *words, code=1)
    assert again == f"{secret}: is there already; name a new file" and secret.read_bytes() == seed
    nowhere = str(tmp_path / "nowhere/seed")
    told = season(starter, "new", "2026-2", *NEW[2:], *words[:3], nowhere, code=1)
    assert told == f"{nowhere}: cannot be written: No such file or directory"
    told = season(starter, "reveal", "2026-1", "--secret", nowhere, code=1)
    assert told == f"{nowhere}: cannot be read: No such file or directory"


def test_only_an_open_season_is_amended_or_closed(starter):
    draft(starter)
    told = "season 2026-1 is a draft: only an open one can"
    assert season(starter, "close", "2026-1", code=1) == f"{told} close"
    amend = ("amend", "2026-1", "--by", "ada", "--reason", "to see")
    assert season(starter, *amend, code=1) == f"{told} be amended"
    season(starter, "open", "2026-1")
    season(starter, "close", "2026-1")
    closed = "season 2026-1 is closed: only an open one can be amended"
    assert season(starter, *amend, code=1) == closed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("new", "A b", *NEW[2:], "--reference", "starter/small"), "cannot name a season"),
        ((*NEW, "--reference", "starter/huge"), "no submission starter/huge"),
        (("open", "2030-1"), "no season '2030-1'"),
        (("close", "2030-1"), "no season '2030-1'"),
    ],
)
def test_what_cannot_be_is_refused(starter, words, told):
    assert told in season(starter, *words, code=1)
    assert not list(starter.glob("seasons/*"))


def retire(tree, monkeypatch) -> None:
    """Take starter_choice off the board and out of the code."""
    board = tree / "board.yaml"
    text = re.sub(r"      choice:\n.*?\n(?=      generation)", "", board.read_text(), flags=re.S)
    board.write_text(text.replace("season: 2026-1", "season: 2026-2"))
    monkeypatch.setenv("EVALUATOR_SUBMISSIONS", str(tree))
    retire_task(monkeypatch, "starter_choice")


def test_results_of_a_retired_task_stay_whole(starter, monkeypatch):
    draft(starter)
    season(starter, "open", "2026-1")
    season(starter, "close", "2026-1")
    before = rank_season(read_tree(starter), read_tree(starter).seasons[0])["starter"]
    retire(starter, monkeypatch)
    assert check_tree(starter) == []
    read = read_tree(starter)
    after = rank_season(read, read.seasons[0])["starter"]
    assert [p.index for p in after.places] == [p.index for p in before.places]
    assert plan(read) == []
    site = read_site(starter)
    assert [len(model_data(site, site.whole(e))["tasks"]) for e in site.tree.entries] == [3] * 5


def test_a_retired_task_is_held_to_what_its_season_froze(starter, monkeypatch):
    draft(starter)
    season(starter, "open", "2026-1")
    season(starter, "close", "2026-1")
    retire(starter, monkeypatch)
    path = next(starter.glob("starter/small/results/starter_choice/*/*.json"))
    result = json.loads(path.read_text())
    result["request_set"]["baseline"] = 0.1
    path.write_text(json.dumps(result))
    assert [fault.message for fault in check_tree(starter)] == [
        "no season that asked starter_choice froze this request set"
    ]


def test_a_task_that_no_season_asked_is_unknown(starter, monkeypatch):
    retire(starter, monkeypatch)
    told = {fault.message for fault in check_tree(starter)}
    assert told == {"no task 'starter_choice', and no season has ever asked it"}


FRESH = "fresh:\n  fresh_series:\n    of: starter_choice\n    items: 60\n\nsuites:\n"
IN_SUITE = """      choice:
        - task: fresh_series
          reason: Nobody can have seen its items, for they are made after the submissions.
"""


def command(tree, *words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, [*words, "--tree", str(tree)])
    assert done.exit_code == code, done.output or str(done.exception)
    return done.output or str(done.exception)


@pytest.fixture()
def fresh(starter):
    """A board of rules alone that asks a fresh task."""
    board = starter / "board.yaml"
    text = board.read_text().replace("suites:\n", FRESH).replace("      choice:\n", IN_SUITE)
    board.write_text(text)
    shutil.rmtree(starter / "starter")
    return starter


def test_a_fresh_task_waits_for_the_seed_and_is_made_from_it(fresh, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    season(fresh, *NEW, "--reference", "baseline/random", "--secret", str(tmp_path / "seed"))
    suite = read_tree(fresh).board.suites["starter"]
    assert [t.task for t in suite.waiting["choice"]] == ["fresh_series"]
    assert "fresh_series" not in suite.tasks and check_tree(fresh) == []
    with pytest.raises(TaskError, match="not revealed"):
        load_examples(load_task("fresh_series"))

    season(fresh, "reveal", "2026-1", "--secret", str(tmp_path / "seed"))
    command(fresh, "check", code=1)
    assert CliRunner().invoke(app, ["tasks", "lock", "fresh_series"]).exit_code == 0
    assert check_tree(fresh) == []
    assert "fresh_series: pending" in season(fresh, "open", "2026-1", code=1)
    assert {(w.submission, w.task) for w in plan(read_tree(fresh))} == {
        ("baseline/majority", "fresh_series"), ("baseline/random", "fresh_series"),
    }  # fmt: skip
    for name in ("random", "majority"):
        done = CliRunner().invoke(app, ["run", str(fresh / "baseline" / name)])
        assert done.exit_code == 0, done.output
    season(fresh, "open", "2026-1")
    assert check_tree(fresh) == []
    read = read_tree(fresh)
    assert len(rank_season(read, read.seasons[0])["starter"].places) == 2


def test_another_seed_makes_other_items_and_another_version(fresh, tmp_path):
    items = []
    for number, seed in enumerate(("a" * 16, "b" * 16), 1):
        name = f"2026-{number}"
        more = ("--title", "A season", "--summary", "The season after.")
        season(fresh, "new", name, *more, "--reference", "baseline/random", "--secret",
               str(tmp_path / name))  # fmt: skip
        path = fresh / "seasons" / f"{name}.yaml"
        text = re.sub("seed_sha256: .*", f"seed_sha256: {sha256(seed.encode())}", path.read_text())
        path.write_text(text)
        board = fresh / "board.yaml"
        board.write_text(re.sub("season: .*", f"season: {name}", board.read_text()))
        (tmp_path / "seed").write_text(seed)
        season(fresh, "reveal", name, "--secret", str(tmp_path / "seed"))
        task = load_task("fresh_series")
        examples = load_examples(task)
        assert (task.version, len(examples.test), task.waits) == (number, 60, "")
        assert load_examples(task) == examples
        items.append({e.question for e in examples.test})
    assert len(items[0] & items[1]) < 30


def test_a_closed_season_stays_readable_at_its_address(starter, monkeypatch):
    draft(starter)
    season(starter, "open", "2026-1")
    season(starter, "close", "2026-1")
    retire(starter, monkeypatch)
    pages = Pages(read_site(starter), ROOT / "site").single()
    page = pages["seasons/2026-1/index.md"].body
    assert "Starter large leads; every other model is proven to be behind." in page
    assert page and page.count('class="b-num b-rank"') == 5
    assert "starter_choice" in page and "tasks/starter_choice/" not in page
    assert "tasks/starter_matching/" in page
    held = json.loads(pages["data/seasons/2026-1.json"].content)
    assert held["suites"][0]["ranked"][0]["tasks"]["starter_choice"]["value"] > 0
    assert 'href="seasons/2026-1/"' in (pages["index.md"].body or "")
