"""The exact text of every prompt.

The rows are those of tests/invented. UPDATE_GOLDEN=1 writes the golden files anew: look at the
difference before committing it.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT
from invented import invented_examples

from evaluator.core.errors import DataError, TaskError
from evaluator.core.files import pretty_bytes
from evaluator.core.records import Examples, Task
from evaluator.measure.lock import lock_entry
from evaluator.measure.requests import build_requests
from evaluator.measure.sample import MOST, sample_of, to_sample
from evaluator.tasks import built_in_names, load_task, lockable, locked_request_set, task_names

GOLDEN = Path(__file__).parents[1] / "golden" / "prompts"
LOCK = {
    name: entry
    for path in ("evaluator/tasks/lock.json", "submissions/tasks.lock.json")
    for name, entry in json.loads((ROOT / path).read_bytes())["tasks"].items()
}
ALSO_ASKED = [name for name in task_names() if load_task(name).varies and load_task(name).pins]
"""Varied tasks over files: `test_changes.py` holds what becomes of a text."""
OWN = [name for name in task_names() if name not in ALSO_ASKED]
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"


def render(task: Task, examples: Examples) -> str:
    """Return the first item as it is sent and what is right, line by line."""
    first = examples.test[0]
    asked = [r for r in build_requests(task, examples) if r.item == first.id]
    parts = [f"item {first.id!r} group {first.group!r} candidates {list(first.candidates)}"]
    before = ""
    for request in asked[:8]:
        if (text := request.prompt.text()) != before:
            parts.append(f"===== prompt\n{text}<END>")
            before = text
        mark = "right" if request.index in first.gold else "wrong"
        parts.append(f"===== {mark}\n{request.continuation}<END>" if request.continuation else "")
    for answer in first.answers:
        parts.append(f"===== answer\n{answer}<END>")
    parts.append(f"===== stop {json.dumps(asked[0].stop)} max_tokens {asked[0].max_tokens}")
    return "\n".join(part for part in parts if part) + "\n"


@pytest.mark.parametrize("name", OWN)
def test_the_prompt_reads_as_in_the_golden_file(name: str) -> None:
    text = render(load_task(name), invented_examples(load_task(name)))
    path = GOLDEN / f"{name}.txt"
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    assert path.read_bytes().decode() == text


def test_every_golden_file_belongs_to_a_task() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(OWN)


def test_the_samples_of_the_pages_are_what_the_tasks_send() -> None:
    pinned = [name for name in built_in_names() if load_task(name).pins]
    samples = {
        name: to_sample(load_task(name), invented_examples(load_task(name))) for name in pinned
    }
    path = ROOT / "evaluator/tasks/samples.json"
    data = pretty_bytes({"schema": 1, "tasks": samples})
    if UPDATE:
        path.write_bytes(data)
    assert path.read_bytes() == data


@pytest.mark.parametrize("name", OWN)
def test_a_sample_is_the_prompt_in_parts_with_what_is_right(name: str) -> None:
    task = load_task(name)
    examples = invented_examples(task)
    first = examples.test[0]
    asked = [r for r in build_requests(task, examples) if r.item == first.id]
    sample = sample_of(name)
    assert sample is not None and sample["invented"] == bool(task.pins)
    told = [a["description"] + a["shots"] + a["question"] for a in sample["asks"]]
    assert told == list(dict.fromkeys(r.prompt.text() for r in asked))[: len(told)]
    options = [tuple(option) for ask in sample["asks"] for option in ask["options"]]
    known = {(r.continuation, r.index in first.gold) for r in asked if not r.generate}
    assert set(options) <= known and len(options) == min(len(known), MOST)
    assert any(right for _, right in options) == bool(first.gold)


def test_a_sample_of_another_version_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    import evaluator.tasks as tasks

    assert sample_of("gsm8k") is not None
    newer = replace(load_task("gsm8k"), version=99)
    monkeypatch.setattr(tasks, "_load", lambda name: newer)
    assert sample_of("gsm8k") is None


@pytest.mark.parametrize("name", [name for name in lockable() if load_task(name).pins])
def test_real_requests_are_the_locked_ones(name: str, real_data: None) -> None:
    assert lock_entry(name) == LOCK[name]


def test_the_lock_names_every_task_and_no_other() -> None:
    assert set(LOCK) == set(lockable())
    for name in lockable():
        locked = locked_request_set(name)
        assert locked is not None
        assert locked.sha256 == LOCK[name]["board"]["clean"]["sha256"]


# --- rules of single tasks ---


def test_gsm8k_takes_the_first_marked_number() -> None:
    extract = load_task("gsm8k").extract
    assert extract("so 5\n#### 1,234.") == "1234"
    assert extract("#### -7\n#### 8") == "-7"
    assert extract("the answer is 5") == ""
    assert extract("####5") == ""
    assert extract("#### 2.50") == "2.50"


def test_truthfulqa_shuffles_the_same_way_always_and_keeps_what_is_right() -> None:
    task = load_task("truthfulqa")
    (example,) = invented_examples(task).test
    assert {example.choices[i] for i in example.gold} == {"No", "It is not"}
    assert {example.choices[i] for i in example.candidates} == {"No", "Yes", "Only in winter"}
    assert example == invented_examples(task).test[0]


def test_a_primer_without_worked_questions_is_refused() -> None:
    from evaluator.tasks.truthfulqa import read_primer

    with pytest.raises(DataError, match="no prompt_qa"):
        read_primer("doc_to_text: nothing")


def test_a_script_without_names_of_subjects_is_refused() -> None:
    from evaluator.tasks.cmmlu import read_subjects

    assert read_subjects('SUBJECTS = {\n    "arts": "艺术学",\n}\n') == {"arts": "艺术学"}
    with pytest.raises(DataError, match="no SUBJECTS"):
        read_subjects("SUBJECTS = load()")


def test_mmlu_shows_each_subject_its_own_shots() -> None:
    task = load_task("mmlu")
    examples = invented_examples(task)
    requests = build_requests(task, examples)
    assert len({e.group for e in examples.test}) == 57
    for request in requests[:: 4 * 4]:
        subject = request.item.split("/")[0]
        assert all(f"invented {subject}?" in shot for shot, _ in request.prompt.shots)
        assert subject.replace("_", " ") in request.prompt.description


def test_banking77_shows_five_intents_and_makes_line_ends_spaces() -> None:
    examples = invented_examples(load_task("banking77"))
    assert [shot.target for shot in examples.shots] == [f"made {i}" for i in range(0, 77, 16)]
    assert "\n" not in examples.test[0].question.removesuffix("\nIntent:")


def test_a_task_whose_pins_are_not_verified_is_never_locked() -> None:
    assert not load_task("musr").measurable
    assert "musr" not in lockable()
    assert locked_request_set("musr") is None
    with pytest.raises(
        TaskError, match=r"not verified \(musr/murder_mystery, .*evaluator data ver"
    ):
        lock_entry("musr")


def test_bbh_leaves_out_what_cannot_be_right_and_describes_each_subtask() -> None:
    examples = invented_examples(load_task("bbh"))
    assert len({e.group for e in examples.test}) == 24
    assert len(examples.test) == 48
    requests = build_requests(load_task("bbh"), examples)
    for request in requests:
        subtask = request.item.split("/")[0]
        assert request.prompt.description == f"Solve an invented {subtask}."
        assert all(f"of {subtask}?" in shot for shot, _ in request.prompt.shots)


def test_bbh_refuses_worked_examples_of_another_form() -> None:
    from evaluator.tasks.bbh import read_worked

    with pytest.raises(DataError, match="bbh/cot/snarks"):
        read_worked("canary\n-----\nSolve.\n\nQ: One?\nA: (A)", "snarks")


def test_winogrande_refuses_a_row_worded_otherwise() -> None:
    from evaluator.tasks.winogrande import to_example

    with pytest.raises(DataError, match="row 7 is not worded"):
        to_example({"instruction": "Fill the blank.", "answer": "option1"}, "7")


def test_an_unknown_task_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(
        TaskError, match=r"no task 'arc_chalenge'; did you mean arc_challenge\? `ev"
    ):
        load_task("arc_chalenge")
    with pytest.raises(TaskError, match="no task 'nope'; `evaluator tasks list` names all"):
        load_task("nope")
    with pytest.raises(TaskError):
        load_task("starter")


@pytest.mark.parametrize("name", OWN)
def test_the_parts_of_a_task_fit_together(name: str) -> None:
    task = load_task(name)
    examples = invented_examples(task)
    assert task.name == name
    assert task.primary in task.metrics
    assert task.columns[0] == "correct"
    assert bool(examples.labels) == (task.kind in ("classification", "matching"))
    assert ({"pred", "gold"} <= set(task.columns)) == bool(examples.labels)
    assert len({e.id for e in examples.test}) == len(examples.test)
    assert (task.max_tokens > 0) == (task.kind == "generation") == bool(task.stop)
    assert task.scorer >= 1
    for example in (*examples.test, *examples.shots):
        if example.choices and not example.contexts:
            assert example.target in example.choices
        assert not example.contexts or len(example.contexts) == len(example.choices)
