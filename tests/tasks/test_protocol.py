"""Protocol lm-eval: what differs from the board's, and that the two never meet."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from conftest import ROOT
from invented import invented_examples
from made import example, scored, submission
from typer.testing import CliRunner

from evaluator.board.cells import find_cell
from evaluator.board.check_result import check_result
from evaluator.board.submissions import read_tree
from evaluator.board.tree import Entry
from evaluator.cli import app
from evaluator.core.errors import TaskError
from evaluator.core.records import Examples
from evaluator.measure.method import why_unfit
from evaluator.measure.requests import build_requests, describe_requests, sent
from evaluator.metrics.choice import pick, pick_by_length
from evaluator.tasks import load_task, task_names
from evaluator.tasks.protocol import take_items

BOTH = tuple(name for name in task_names() if load_task(name).lm_eval)


@pytest.mark.parametrize("name", BOTH)
def test_the_two_protocols_never_ask_the_same(name: str) -> None:
    found = []
    for protocol in ("board", "lm-eval"):
        task = load_task(name, protocol)
        examples = invented_examples(task)
        requests = build_requests(task, examples)
        assert {request.protocol for request in requests} == {protocol}
        found.append(describe_requests(task, examples, requests))
    assert found[0].sha256 != found[1].sha256


def test_a_prompt_reads_the_same_where_no_shots_are_drawn() -> None:
    for name in set(BOTH) - {"gsm8k", "arc_challenge", "hellaswag", "truthfulqa"}:
        texts = [
            [(r.prompt.text(), r.continuation) for r in build_requests(t, invented_examples(t))]
            for t in (load_task(name), load_task(name, "lm-eval"))
        ]
        assert texts[0] == texts[1], name


def test_a_task_that_the_harness_has_not_is_refused() -> None:
    with pytest.raises(TaskError, match=r"banking77: lm-evaluation-harness has no task .* list"):
        load_task("banking77", "lm-eval")


def test_only_methods_of_the_harness_answer() -> None:
    task = load_task("mmlu", "lm-eval")
    masked = submission(kind="masked", policy="", folder="weights")
    assert why_unfit(masked, task) == "protocol lm-eval has no method pseudo-loglikelihood"
    assert why_unfit(submission(), task) == ""


def test_shots_are_drawn_anew_for_each_item_from_one_stream() -> None:
    task = replace(load_task("gsm8k", "lm-eval"), n_shots=2)
    assert task.lm_eval
    task = replace(task, lm_eval=replace(task.lm_eval, drawn=3))
    pool = tuple(example(f"shot{i}", question=f"q{i}", target=str(i)) for i in range(20))
    examples = Examples(test=tuple(example(str(i)) for i in range(4)), shots=pool)
    stream = Random(1234)
    wanted = [[f"q{i}" for i in stream.sample(range(20), 3)[:2]] for _ in range(4)]
    shown = [[q for q, _ in r.prompt.shots] for r in build_requests(task, examples)]
    assert shown == wanted
    first = replace(examples, test=examples.test[:2])
    assert build_requests(task, first) == build_requests(task, examples)[:2]


def test_the_first_items_of_each_of_its_tasks_are_taken() -> None:
    task = load_task("mmlu", "lm-eval")
    groups = ("anatomy", "anatomy", "anatomy", "virology")
    examples = Examples(test=tuple(example(str(i), group=g) for i, g in enumerate(groups)))
    assert [e.id for e in take_items(task, examples, 2).test] == ["0", "1", "3"]


@pytest.mark.parametrize("name", ["mmlu", "bbh", "cmmlu"])
def test_a_part_of_a_task_shows_each_group_its_own_shots(name: str) -> None:
    task = load_task(name)
    examples = invented_examples(task)
    whole = {r.item: r.prompt for r in build_requests(task, examples)}
    part = take_items(task, examples, 5)
    assert len({e.group for e in part.test}) == 5
    assert all(whole[r.item] == r.prompt for r in build_requests(task, part))


@pytest.mark.parametrize(("ties", "winner"), [("first", 1), ("last", 2)])
def test_ties_are_settled_by_position(ties: str, winner: int) -> None:
    item = example("0", choices=("a", "b", "c"), gold=(winner,), ties=ties)
    assert pick(item, [-2.0, -1.0, -1.0]) == (winner, True)
    run = scored("0", [-2.0, -1.0, -1.0])
    assert pick_by_length(item, run, len) == (winner, True)


def test_truthfulqa_keeps_the_order_of_the_file() -> None:
    (item,) = invented_examples(load_task("truthfulqa", "lm-eval")).test
    assert item.candidates == tuple(range(len(item.candidates)))
    assert item.candidates[0] in item.gold


def test_what_is_sent_names_the_protocol_and_nothing_changes_for_the_board() -> None:
    request = build_requests(load_task("boolq"), invented_examples(load_task("boolq")))[0]
    assert "protocol" not in json.dumps(sent(request))
    assert sent(replace(request, protocol="lm-eval")) == [*sent(request), {"protocol": "lm-eval"}]


# --- results ---


@pytest.fixture()
def other(tree: Path) -> tuple[Path, str]:
    """Return a committed result whose protocol was changed, in a copy of the tree."""
    path = next(tree.glob("starter/small/results/starter_choice/*/????????.json"))
    result = json.loads(path.read_bytes())
    path.write_text(json.dumps({**result, "protocol": "lm-eval"}))
    return path, str(path.relative_to(tree))


def test_a_result_of_it_is_never_committed(other: tuple[Path, str], tree: Path) -> None:
    path, name = other
    faults = check_result(tree, name, json.loads(path.read_bytes()))
    assert [f.pointer for f in faults] == ["/protocol"]


def test_a_result_of_it_is_never_ranked(other: tuple[Path, str], tree: Path) -> None:
    found = read_tree(tree)
    entry: Entry = next(e for e in found.entries if e.submission.id == "starter/small")
    assert find_cell(found, entry, "starter_choice").state == "stale"
    assert find_cell(found, entry, "starter_matching").state == "measured"


def test_the_command_line_takes_it_and_refuses_another(real_data: None) -> None:
    invoke = CliRunner().invoke
    small = str(ROOT / "submissions/starter/small")
    assert "must be board or lm-eval" in invoke(app, ["run", small, "--protocol", "x"]).output
    listed = json.loads(invoke(app, ["tasks", "list", "--protocol", "lm-eval", "--json"]).output)
    assert {task["name"] for task in listed} == set(BOTH)
    shown = invoke(app, ["tasks", "show", "gsm8k", "--protocol", "lm-eval"]).output
    assert shown != invoke(app, ["tasks", "show", "gsm8k"]).output


def test_a_run_of_it_writes_below_build(
    real_data: None, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree.parent)
    words = ["run", "submissions/baseline/random", "--task", "boolq", "--protocol", "lm-eval"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    (path,) = Path("build/lm-eval").rglob("????????.json")
    result = json.loads(path.read_bytes())
    assert (result["protocol"], result["n"]) == ("lm-eval", 3270)
    assert not list(tree.glob("baseline/random/results/boolq"))
