from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
from collections import Counter

import pytest
from conftest import ROOT
from made import example

from evaluator.core.records import Example
from evaluator.measure.lock import lock_entry
from evaluator.tasks import load_task, starter, task_names

TASKS = sorted(starter.MAKERS)
LOCK = json.loads((ROOT / "evaluator/tasks/lock.json").read_bytes())["tasks"]


@pytest.mark.parametrize("name", TASKS)
def test_the_request_set_is_the_locked_one(name: str) -> None:
    assert lock_entry(name) == LOCK[name]


def test_another_process_makes_the_same_requests() -> None:
    code = (
        "from evaluator.measure.lock import lock_entry\n"
        f"print([lock_entry(n)['board']['clean']['sha256'] for n in {TASKS!r}])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, env={"PYTHONHASHSEED": "7"}
    )
    assert done.stdout.strip() == str([LOCK[n]["board"]["clean"]["sha256"] for n in TASKS])


@pytest.mark.parametrize("name", TASKS)
def test_there_are_200_items_and_no_question_stands_twice(name: str) -> None:
    examples = starter.examples_of(name)
    asked = [e.question for e in (*examples.test, *examples.shots)]
    assert len(examples.test) == 200
    assert len(examples.shots) >= load_task(name).n_shots
    assert len(set(asked)) == len(asked)
    assert len({e.id for e in (*examples.test, *examples.shots)}) == len(asked)


@pytest.mark.parametrize("name", TASKS)
def test_every_item_is_whole(name: str) -> None:
    task, examples = load_task(name), starter.examples_of(name)
    for shown in (*examples.test, *examples.shots):
        if task.kind == "generation":
            assert task.extract(f" {shown.target}") in shown.answers
            assert not any(stop in shown.target for stop in task.stop)
        else:
            assert len(set(shown.choices)) == len(shown.choices)
            assert [shown.choices[i] for i in shown.gold] == [shown.target]
            assert not examples.labels or shown.choices == examples.labels


@pytest.mark.parametrize("name", [name for name in TASKS if name != "starter_generation"])
def test_no_answer_is_right_too_often(name: str) -> None:
    gold = Counter(e.gold[0] for e in starter.examples_of(name).test)
    share = 200 / len(starter.examples_of(name).test[0].choices)
    assert max(gold.values()) < 1.5 * share
    assert len(gold) == len(starter.examples_of(name).test[0].choices)


def test_the_training_text_never_shows_what_the_test_shows() -> None:
    from evaluator.measure.train_starter import training_examples

    shown = set()
    for name in TASKS:
        examples = starter.examples_of(name)
        shown |= {e.question for e in (*examples.test, *examples.shots)}
    seen: Counter[str] = Counter()
    for task, trained in itertools.islice(training_examples(), 20_000):
        assert trained.question not in shown
        seen[task] += 1
    assert min(seen[name] for name in TASKS) > 3000


def test_a_small_world_runs_dry_instead_of_running_forever() -> None:
    def make_digit(rng: random.Random, name: str) -> Example:
        return example(name, question=str(rng.randrange(5)))

    made = list(starter.stream(make_digit, "some seed", "x"))
    assert sorted(e.question for e in made) == list("01234")
    assert [e.id for e in made] == ["x0", "x1", "x2", "x3", "x4"]


def test_every_starter_task_is_a_task() -> None:
    assert set(TASKS) <= set(task_names())
    assert "starter" not in task_names()
