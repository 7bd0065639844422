"""One measurement: what goes on after a stop is told like one that never stopped."""

from __future__ import annotations

from pathlib import Path

from conftest import ROOT

from evaluator.board.submissions import read_submission
from evaluator.measure.measurement import Measurer, Settings
from evaluator.measure.run import run_packs
from evaluator.tasks import load_task

TASK = load_task("starter_matching")
HOME = ROOT / "submissions/starter/small"


def measurer(folder: Path) -> Measurer:
    settings = Settings(out=folder / "out", work=folder / "work", limit=10)
    return Measurer(read_submission(ROOT / "submissions", "starter/small")[0], HOME, settings)


def test_a_run_killed_before_it_was_scored_tells_the_versions_that_answered(tmp_path: Path) -> None:
    killed = measurer(tmp_path)
    assigned = killed.assign(TASK)
    run_packs(assigned.packs, killed.load, tmp_path / "work" / assigned.name, lambda *_: None)
    later = measurer(tmp_path).measure(TASK, lambda *_: None).result
    assert later["run"]["environment"].keys() >= killed.load().environment().keys()
