"""The mission with real git: contribute, validate against the base, merge, measure, publish."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from conftest_e2e import evaluator, git

CARD = """---
license: apache-2.0
---
# Tiny

## Intended use

Testing.

## Training data

Generated.

## Limitations

Many.
"""


def contribute(clone: Path) -> None:
    """Add a submission as a contributor does: two files in one folder."""
    home = clone / "submissions/acme/lucky"
    home.mkdir(parents=True)
    yaml = (clone / "submissions/baseline/random/submission.yaml").read_text()
    (home / "submission.yaml").write_text(yaml.replace("Random baseline", "Acme Lucky"))
    (home / "card.md").write_text(CARD)
    git("checkout", "-qb", "add-lucky", cwd=clone)
    git("add", "-A", cwd=clone)
    git("commit", "-qm", "Submit acme/lucky", cwd=clone)


def test_from_a_contributors_clone_to_a_published_number(repository, tmp_path):
    clone = tmp_path / "clone"
    git("clone", "-q", str(repository), str(clone), cwd=tmp_path)
    base = git("rev-parse", "HEAD", cwd=clone)
    contribute(clone)

    # validate: the base commit's checker reads the contribution as data
    checked = evaluator(
        "check", "--tree", str(clone / "submissions"), "--base", base,
        "--base-tree", str(repository / "submissions"), cwd=repository,
    )  # fmt: skip
    assert "ok: acme/lucky" in checked.stdout

    # merge
    git("pull", "-q", "--no-ff", "--no-edit", str(clone), "add-lucky", cwd=repository)

    # plan, run, and planning again finds nothing left
    planned = json.loads(evaluator("plan", "--json", cwd=repository).stdout)
    assert {(p["submission"], p["action"]) for p in planned} == {("acme/lucky", "measure")}
    assert len(planned) == 4
    evaluator("run", "submissions/acme/lucky", "--trust", "ci", cwd=repository)
    assert evaluator("plan", cwd=repository).stdout.strip() == "nothing to do"
    again = evaluator("run", "submissions/acme/lucky", "--trust", "ci", cwd=repository)
    assert again.stdout.count("measured already") == 4

    # commit results, rank, build
    evaluator("check", cwd=repository)
    git("add", "submissions", cwd=repository)
    git("commit", "-qm", "Measure acme/lucky", cwd=repository)
    ranked = json.loads(evaluator("rank", "--json", cwd=repository).stdout)
    row = next(r for r in ranked["ranked"] if r["model"] == "acme/lucky")
    assert row["trust"] == "ci"
    evaluator("site", "build", cwd=repository)
    page = (repository / "build/site/models/acme--lucky/index.html").read_text()
    commit = git("rev-parse", "HEAD", cwd=repository)
    assert f"/commit/{commit}" in page
    assert "Acme Lucky" in (repository / "build/site/index.html").read_text()
    assert git("status", "--porcelain", cwd=repository) == ""

    # read from git who changed which number
    log = git("log", "--format=%an %s", "--name-status", "--", "submissions/acme", cwd=repository)
    assert "Tester Measure acme/lucky" in log
    assert log.count(".responses.jsonl.gz") == 4


def test_a_contribution_may_touch_only_its_two_files(repository, tmp_path):
    clone = tmp_path / "clone"
    git("clone", "-q", str(repository), str(clone), cwd=tmp_path)
    base = git("rev-parse", "HEAD", cwd=clone)
    contribute(clone)
    forged = next((clone / "submissions/starter/small/results").rglob("????????.json"))
    forged.write_text(forged.read_text().replace('"n": 200', '"n": 201'))
    (clone / "submissions/acme/lucky/results").mkdir()
    shutil.copy(forged, clone / "submissions/acme/lucky/results/x.json")
    (clone / "submissions/acme/lucky/card.md").chmod(0o755)
    git("add", "-A", cwd=clone)
    git("commit", "-qm", "Cheat", cwd=clone)
    told = evaluator(
        "check", "--tree", str(clone / "submissions"), "--base", base, cwd=repository, check=False
    )
    assert told.returncode == 1
    lines = told.stderr.splitlines()
    assert sum("may not be changed by a contribution" in line for line in lines) == 2
    assert any("card.md: has mode 100755" in line for line in lines)


def test_the_model_of_a_measured_submission_cannot_change(repository, tmp_path):
    clone = tmp_path / "clone"
    git("clone", "-q", str(repository), str(clone), cwd=tmp_path)
    base = git("rev-parse", "HEAD", cwd=clone)
    path = clone / "submissions/baseline/random/submission.yaml"
    path.write_text(path.read_text().replace("policy: random", "policy: majority"))
    git("commit", "-qam", "Swap the model", cwd=clone)
    told = evaluator(
        "check", "--tree", str(clone / "submissions"), "--base", base,
        "--base-tree", str(repository / "submissions"), cwd=repository, check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert "cannot change: submit the new revision as a new folder" in told.stderr


def test_a_failed_measurement_leaves_an_attempt_with_its_reason(repository):
    home = repository / "submissions/starter/small"
    shutil.rmtree(home / "results")
    (home / "weights/model.safetensors").write_bytes(b"not a model")
    failed = evaluator("run", "submissions/starter/small", cwd=repository, check=False)
    assert failed.returncode == 1
    assert "differ from what was locked" in failed.stderr
    attempts = list((home / "attempts").glob("no-model-*.json"))
    assert len(attempts) == 4
    planned = json.loads(evaluator("plan", "--json", cwd=repository).stdout)
    assert all("differ from what was locked" in p["reason"] for p in planned)
