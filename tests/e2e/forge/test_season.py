"""A new season on the forge: proposed, measured, opened; and the closed one that stays readable."""

from __future__ import annotations

import html
import json
import shutil
from pathlib import Path

import pytest
from conftest_e2e import evaluator

from .conftest import World
from .forge import git

ASKED_ANEW = """\
        - task: fresh_series
          reason: Questions made from the season's seed, which no model can have seen.
"""
FRESH = """
fresh:
  fresh_series:
    of: starter_choice
    items: 40

"""
MODELS = ("baseline/majority", "baseline/random", "starter/small")


def close_the_first_season(world: World) -> None:
    """Put a small board on main that has closed its first season."""
    clone = world.forge.clone("founder")
    tree = clone / "submissions"
    for name in ("large", "medium"):
        shutil.rmtree(tree / "starter" / name)
    board = tree / "board.yaml"
    text = board.read_text()
    board.write_text(text[: text.index("  core:\n")] + text[text.index("limits:") :])
    words = ("--title", "First", "--summary", "What we began with.", "--reference", "starter/small")
    evaluator("season", "new", "2026-1", *words, cwd=clone)
    evaluator("season", "open", "2026-1", cwd=clone)
    evaluator("season", "close", "2026-1", cwd=clone)
    git("add", "-A", cwd=clone)
    git("commit", "-qm", "Close the first season", cwd=clone)
    git("push", "-q", "origin", "main", cwd=clone)


def propose_and_merge(world: World, clone: Path, title: str):
    """Take a change of the board through its pull request; return the run of evaluate."""
    opened = world.propose(clone, "maintainer", title)
    return world.forge.merge(opened)["evaluate.yml"]


def draft_the_second(world: World, seed: Path) -> Path:
    """Return a clone whose board is in a new season that asks one task more."""
    clone = world.forge.clone("maintainer")
    board = clone / "submissions/board.yaml"
    text = board.read_text().replace("season: 2026-1", "season: 2026-2")
    text = text.replace("      generation:\n", f"{ASKED_ANEW}      generation:\n", 1)
    board.write_text(text.replace("limits:\n", f"{FRESH.lstrip()}limits:\n"))
    words = ("--title", "Second", "--summary", "Adds fresh questions.")
    words += ("--reference", "starter/small", "--secret", str(seed))
    evaluator("season", "new", "2026-2", *words, cwd=clone)
    return clone


def shown(world: World, season: str) -> str:
    """Return the page of a season as visitors see it."""
    path = world.forge.pages / "seasons" / season / "index.html"
    return html.unescape(path.read_text("utf-8"))


@pytest.mark.heavy
def test_a_new_season_is_measured_and_opened_and_the_closed_one_stays(
    world: World, tmp_path: Path
) -> None:
    world.forge.played = (*world.forge.played, "pages.yml")
    close_the_first_season(world)
    seed = tmp_path / "seed"
    drafted = propose_and_merge(world, draft_the_second(world, seed), "A second season")
    assert drafted.results["plan"] == "success", drafted.log
    assert drafted.results["measure"] == "skipped", "the seed is not known yet"

    clone = world.forge.clone("reveals")
    told = evaluator("season", "open", "2026-2", cwd=clone, check=False)
    assert told.returncode == 1 and "its seed is not revealed" in told.stderr
    evaluator("season", "reveal", "2026-2", "--secret", str(seed), cwd=clone)
    evaluator("tasks", "lock", "fresh_series", cwd=clone)
    told = evaluator("season", "open", "2026-2", cwd=clone, check=False)
    assert "reference model starter/small on fresh_series: pending" in told.stderr
    measured = propose_and_merge(world, clone, "Reveal the seed")
    assert measured.result == "success", measured.log
    for name in MODELS:
        paths = [path for path in world.results(name) if "/fresh_series/" in path]
        assert len(paths) == 1, measured.log
        assert json.loads(world.forge.show(paths[0]))["run"]["trust"] == "ci"

    clone = world.forge.clone("opens")
    evaluator("season", "open", "2026-2", cwd=clone)
    opened = propose_and_merge(world, clone, "Open the second season")
    assert opened.results["plan"] == "success"
    assert opened.results["measure"] == opened.results["publish"] == "skipped", "all is there"

    assert "fresh_series" in shown(world, "2026-2") and "Second" in shown(world, "2026-2")
    assert "fresh_series" not in shown(world, "2026-1")
    for name in ("First", "Starter small"):
        assert name in shown(world, "2026-1"), "what closed is ranked as it asked"
    audit = evaluator("audit", cwd=world.forge.clone("auditor"), check=False)
    assert audit.returncode == 0, audit.stdout + audit.stderr
