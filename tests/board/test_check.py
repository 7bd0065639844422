"""`check` on trees that were tampered with or filled in wrongly: every fault, one line each."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from made_decisions import MODEL, decide

from evaluator.board.check import check_tree
from evaluator.core import columns
from evaluator.core.files import pretty_bytes

Edit = Callable[[dict], None]


def faults_of(tree: Path) -> list[str]:
    return [str(fault) for fault in check_tree(tree)]


def result_file(tree: Path, task: str = "starter_classification") -> Path:
    return next((tree / "starter/small/results" / task).glob("*/????????.json"))


def edit(path: Path, change: Edit) -> None:
    value = json.loads(path.read_text())
    change(value)
    path.write_bytes(pretty_bytes(value))


def test_groups_are_right_together_as_often_as_all_items_are(tree):
    def favour(result: dict) -> None:
        found = result["groups"]["order"]
        found["value"] = (found["value"] + found["high"]) / 2

    edit(result_file(tree, "starter_choice"), favour)
    (told,) = faults_of(tree)
    assert "/groups: " in told and "right together, but the items give 47" in told


def test_the_committed_tree_is_clean(tree):
    assert faults_of(tree) == []


def flip_one_item(result: dict) -> None:
    column = columns.unpack("correct", result["columns"]["correct"], result["n"])
    column[0] = 1 - column[0]
    result["columns"]["correct"] = columns.pack("correct", column)


def set_metric(name: str, key: str, value: object) -> Edit:
    return lambda result: result["metrics"][name].__setitem__(key, value)


def name_a_class_too_many(result: dict) -> None:
    column = columns.unpack("pred", result["columns"]["pred"], result["n"])
    wrong = next(i for i, cell in enumerate(column) if cell >= 0)
    column[wrong] = len(result["classes"])
    result["columns"]["pred"] = columns.pack("pred", column)


TAMPERINGS: dict[str, tuple[Edit, str]] = {
    "a digit in a metric": (set_metric("macro_f1", "value", 0.99), "outside its interval"),
    "a metric inside its interval": (
        lambda r: r["metrics"]["macro_f1"].update(value=r["metrics"]["macro_f1"]["high"] - 1e-6),
        "but its items give",
    ),
    "a digit in a group": (
        lambda r: r["groups"]["en"].update(value=r["groups"]["en"]["high"] + 0.1),
        "/groups/en: value is outside its interval",
    ),
    "more items in groups than there are": (
        lambda r: r["groups"]["en"].update(n=150),
        "hold 250 items, and the task has 200",
    ),
    "a metric a hair off": (
        lambda r: r["metrics"]["accuracy"].update(value=r["metrics"]["accuracy"]["value"] + 1e-6),
        "but its items give",
    ),
    "a metric beside the first": (
        lambda r: r["metrics"]["mcc"].update(stderr=r["metrics"]["mcc"]["stderr"] * 2),
        "/metrics/mcc/stderr",
    ),
    "a metric of fewer items": (set_metric("mcc", "n", 199), "199 is not n = 200"),
    "a class past the last": (name_a_class_too_many, "names a class past the"),
    "responses that are denied": (lambda r: r["responses"].update(kept=False), "but the file is"),
    "a narrower interval": (set_metric("macro_f1", "stderr", 0.001), "but its items give"),
    "a flipped bit": (flip_one_item, "does not follow from pred and gold"),
    "another request set": (
        lambda r: r["request_set"].update(sha256="0" * 64),
        "is not the hash of its parts",
    ),
    "another baseline": (lambda r: r["request_set"].update(baseline=0.0), "tasks/lock.json"),
    "another model": (
        lambda r: next(iter(r["model"]["manifest"].values())).update(sha256="0" * 64),
        "is not the manifest in lock.json",
    ),
    "another submission": (lambda r: r.update(submission="starter/large"), "it belongs at"),
    "a partial run": (lambda r: r.update(partial={"limit": 5, "of": 200}), "never committed"),
    "a task that never was": (lambda r: r["task"].update(version=9), "has no version 9"),
    "a wrong n": (lambda r: r.update(n=199), "199"),
    "a class row": (lambda r: r["classes"][0].update(f1=1.0), "do not follow from the columns"),
    "a confusion count": (lambda r: r["confusion"][0].__setitem__(0, 999), "does not follow"),
    "a missing metric": (lambda r: r["metrics"].pop("mcc"), "must be"),
    "an unknown key": (lambda r: r.update(extra=1), "unknown key"),
    "a broken column": (lambda r: r["columns"].update(pred="!!"), "not base64"),
    "other data": (lambda r: r.update(data={"x/y": "0" * 64}), "is not the pinned data"),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_tampered_result_is_told(tree, what):
    change, told = TAMPERINGS[what]
    edit(result_file(tree), change)
    assert any(told in fault for fault in faults_of(tree)), faults_of(tree)


def test_edited_responses_are_told(tree):
    path = result_file(tree)
    packed = path.with_name(path.name.replace(".json", ".responses.jsonl.gz"))
    packed.write_bytes(gzip.compress(gzip.decompress(packed.read_bytes())[:-1]))
    assert any("is not the hash of" in fault for fault in faults_of(tree))
    packed.unlink()
    assert any("is missing" in fault for fault in faults_of(tree))


def test_a_result_of_not_a_number_is_told(tree):
    path = result_file(tree)
    path.write_text(path.read_text().replace('"n": 200', '"n": NaN', 1))
    assert any("not valid JSON: NaN is not a number" in fault for fault in faults_of(tree))


def test_a_result_copied_to_another_model_is_told(tree):
    """Row 59: a result names its model and the hashes of its files."""
    copied = result_file(tree)
    to = tree / "starter/large" / copied.relative_to(tree / "starter/small")
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(copied, to)
    assert any("it belongs at starter/small" in fault for fault in faults_of(tree))


def test_every_fault_of_a_submission_is_told_at_once_with_its_line(tree):
    path = tree / "starter/small/submission.yaml"
    path.write_text(
        "schema: 1\ntitle: Broken\norganisation: x\nlicence: Apache-2.0\n"
        "model:\n  kind: causal\n  repo: a/b\n  revision: main\n  dtype: int4\n"
        "  chat_template: none\ntraining_data: none\nsuites: [nope]\ncolour: red\n"
        "trained_on:\n  - gsm8\n"
    )
    found = [fault for fault in faults_of(tree) if "small/submission.yaml" in fault]
    assert any(":8: /model/revision" in fault and "never a branch" in fault for fault in found)
    assert any(":9: /model/dtype" in fault for fault in found)
    assert any(":13: /colour" in fault and "unknown key" in fault for fault in found)
    assert any("/maintainers: is missing" in fault for fault in found)
    assert any(":12: /suites/0: no suite 'nope'; known: starter" in fault for fault in found)
    assert any(":15: /trained_on/0: no task 'gsm8'; did you mean gsm8k?" in f for f in found)


@pytest.mark.parametrize(
    ("licence", "known"),
    [("MIT", True), ("apache-2.0", True), ("other", True), ("apache2", False), ("Apache-2", False)],
)
def test_a_licence_that_nobody_knows_is_told_before_anything_is_measured(tree, licence, known):
    path = tree / "starter/small/submission.yaml"
    path.write_text(path.read_text().replace("licence: Apache-2.0", f"licence: {licence}"))
    assert faults_of(tree) == [], "what was measured stays"
    shutil.rmtree(tree / "starter/small/results")
    told = f"/licence: '{licence}' is no SPDX identifier"
    assert any(told in fault for fault in faults_of(tree)) != known


def test_a_classifier_names_tasks_that_are_asked_of_classifiers(tree):
    path = tree / "starter/small/submission.yaml"
    shutil.rmtree(tree / "starter/small/results")
    text = path.read_text().replace(
        "  chat_template: none\n", "  tasks: [mmlu, nothing, banking77]\n"
    )
    path.write_text(text.replace("kind: causal", "kind: classifier"))
    told = "\n".join(faults_of(tree))
    assert "/model/tasks/0: mmlu is not asked of classifiers" in told
    assert "/model/tasks/1: no task 'nothing'" in told
    assert "/model/tasks/2" not in told


@pytest.mark.parametrize("name", ["Upper", "con", "a b", "-x", "x" * 65, "a\n"])
def test_names_that_some_systems_cannot_hold_are_refused(tree, name):
    shutil.copytree(tree / "baseline/random", tree / "baseline" / name)
    assert any("cannot name a folder" in fault for fault in faults_of(tree))


def test_links_and_strange_files_are_refused(tree):
    (tree / "baseline/random/run.sh").write_text("echo")
    (tree / "baseline/random/card2.md").symlink_to("card.md")
    found = faults_of(tree)
    assert any("run.sh: not expected here" in fault for fault in found)
    assert any("card2.md: a symbolic link" in fault for fault in found)


def test_an_organisation_that_is_a_link_is_refused(tree):
    (tree / "starter").rename(tree.parent / "elsewhere")
    (tree / "starter").symlink_to(tree.parent / "elsewhere")
    assert faults_of(tree) == ["starter: a symbolic link: commit the folder itself"]


def test_a_card_must_have_its_headings_and_front_matter(tree):
    card = tree / "baseline/random/card.md"
    card.write_text("# Hello\n\nno front matter\n")
    found = faults_of(tree)
    assert any("front matter" in fault for fault in found)
    assert sum("heading '## " in fault for fault in found) == 3


def test_a_decision_is_named_after_its_own_hash(tree):
    (tree / "decisions").mkdir(exist_ok=True)
    path = tree / "decisions/2026-01-01-00000000.yaml"
    path.write_text(
        "schema: 1\naction: exclude\nsubmission: starter/small\nby: someone\n"
        "date: 2026-01-01\nreason: the test items were in its training text\n"
    )
    told = next(fault for fault in faults_of(tree) if "must be named" in fault)
    path.rename(path.with_name(told.split("must be named ")[1].split(" ")[0]))
    assert faults_of(tree) == []


def test_a_folder_without_its_submission_is_told(tree):
    (tree / "baseline/empty").mkdir()
    found = faults_of(tree)
    assert any("empty/submission.yaml: is missing: copy" in fault for fault in found)


def test_a_file_that_cannot_be_read_hides_no_fault_of_another(tree):
    (tree / "baseline/random/submission.yaml").write_text('title: "unclosed\n')
    (tree / "baseline/random/card.md").write_text("# Hello\n")
    result_file(tree).write_text("{")
    edit(result_file(tree, "starter_choice"), flip_one_item)
    (tree / "starter/large/card.md").write_bytes(b"\xff")
    submission = tree / "starter/large/submission.yaml"
    submission.write_text(submission.read_text().replace("[starter]", "[start]"))
    found = faults_of(tree)
    for where, told in (
        ("baseline/random/submission.yaml", "not valid YAML"),
        ("baseline/random/card.md", "front matter"),
        ("starter/small/results/starter_classification/", "not valid JSON"),
        ("starter/small/results/starter_choice/", "/metrics/acc"),
        ("starter/large/card.md", "not UTF-8"),
        ("starter/large/submission.yaml", "no suite 'start'"),
    ):
        assert any(fault.startswith(where) and told in fault for fault in found), (where, found)


def test_a_decision_on_a_submission_with_faults_is_not_said_to_concern_nothing(tree):
    decide(tree, "exclude")
    (tree / MODEL / "submission.yaml").write_text('title: "unclosed\n')
    (told,) = faults_of(tree)
    assert told.startswith(f"{MODEL}/submission.yaml:2: not valid YAML")


def test_a_broken_task_of_the_board_hides_no_fault_of_a_submission(tree, monkeypatch):
    monkeypatch.setenv("EVALUATOR_SUBMISSIONS", str(tree))
    with (tree / "board.yaml").open("a") as board:
        board.write("varied: {starter_chess: {changes: {lower: Why.}}}\n")
    (tree / "baseline/random/submission.yaml").write_text('title: "unclosed\n')
    (tree / "starter/large/card.md").write_text("# Hello\n")
    found = faults_of(tree)
    assert any("no task 'starter_chess' to vary" in fault for fault in found)
    assert any(fault.startswith("baseline/random/submission.yaml:2: not") for fault in found)
    assert any(fault.startswith("starter/large/card.md") for fault in found)
