"""A board's own tasks: from board.yaml to a ranked table, and every fault told at once."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from made import answer_all
from typer.testing import CliRunner

from evaluator.board.submissions import read_tree
from evaluator.cli import app
from evaluator.core.errors import DataError, DocumentError, EvaluatorError, TaskError
from evaluator.core.records import Example
from evaluator.measure.data import load_examples
from evaluator.measure.requests import build_requests
from evaluator.measure.score import score_task
from evaluator.tasks import load_task, locked_request_set, task_names

TICKETS = [
    {"text": "I was charged twice.", "team": "billing", "lang": "en", "n": 1},
    {"text": "The app crashes.", "team": "technical", "lang": "en", "n": 2},
    {"text": "Refund, please.", "team": "billing", "lang": "en", "n": 3},
    {"text": "登录不了。", "team": "technical", "lang": "zh", "n": 4},
    {"text": "发票在哪里？", "team": "billing", "lang": "zh", "n": 5},
]
TICKET_TASK: dict[str, Any] = {
    "title": "Support tickets",
    "summary": "Which team a ticket belongs to.",
    "kind": "classification",
    "data": "tickets.jsonl",
    "licence": "internal",
    "question": "Ticket: {text}\nTeam:",
    "answer": "team",
    "labels": ["billing", "technical"],
    "texts": ["text"],
    "id": "n",
    "group": "lang",
    "shots": 2,
    "metrics": ["macro_f1", "accuracy"],
}


@pytest.fixture()
def board(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of submissions that commands find."""
    monkeypatch.chdir(tree.parent)
    monkeypatch.delenv("EVALUATOR_SUBMISSIONS", raising=False)
    return tree


def declare(board: Path, records: Any, name: str = "tickets", **facts: Any) -> None:
    """Put a task and its file into the tree; a JSON value is YAML too."""
    data = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records).encode()
    (board / "tasks").mkdir(exist_ok=True)
    (board / "tasks" / facts["data"]).write_bytes(data)
    facts = {"sha256": hashlib.sha256(data).hexdigest()} | facts
    text = (board / "board.yaml").read_text()
    declared = json.dumps({name: facts}, ensure_ascii=False)
    (board / "board.yaml").write_text(f"{text}\ntasks: {declared}\n")


def test_a_declared_task_is_a_task(board: Path) -> None:
    declare(board, TICKETS, **TICKET_TASK)
    task = load_task("tickets")
    examples = load_examples(task)
    assert "tickets" in task_names()
    assert [e.id for e in examples.test] == ["3", "4", "5"]
    assert [e.group for e in examples.test] == ["en", "zh", "zh"]
    assert examples.labels == ("billing", "technical")
    first = build_requests(task, examples)[0]
    assert first.prompt.text() == (
        "Ticket: I was charged twice.\nTeam: billing\n\n"
        "Ticket: The app crashes.\nTeam: technical\n\n"
        "Ticket: Refund, please.\nTeam:"
    )
    assert first.continuation == " billing"
    assert examples.test[0].texts == ("Refund, please.",)


def test_a_task_is_made_once_and_anew_when_its_board_changes(board: Path) -> None:
    declare(board, TICKETS, **TICKET_TASK)
    path = board / "board.yaml"
    varied = {"tickets": {"changes": {"typos": "People are in a hurry."}}}
    path.write_text(f"{path.read_text()}\nvaried: {json.dumps(varied)}\n")
    assert load_task("tickets_typos") is load_task("tickets_typos")
    path.write_text(path.read_text().replace('"Support tickets"', '"Tickets of support"'))
    assert load_task("tickets").title == "Tickets of support"


def test_from_the_declaration_to_a_rank(board: Path) -> None:
    declare(board, TICKETS, **TICKET_TASK)
    text = (board / "board.yaml").read_text()
    entry = "        - task: tickets\n          reason: What our support desk does all day.\n"
    at = text.index("        - task: starter_classification")
    (board / "board.yaml").write_text(text[:at] + entry + text[at:])

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, list(words), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    assert locked_request_set("tickets") is None
    assert "written to submissions/tasks.lock.json" in run("tasks", "lock", "tickets")
    assert "up to date" in run("tasks", "lock", "--check", "tickets")
    assert "Ticket: Refund, please." in run("tasks", "show", "tickets")
    assert run("plan").count("tickets") == len(list(board.glob("*/*/submission.yaml")))
    run("run", "submissions/baseline/majority", "--task", "tickets")
    (path,) = board.glob("baseline/majority/results/tickets/*/????????.json")
    result = json.loads(path.read_bytes())
    assert (result["n"], result["primary"]) == (3, "macro_f1")
    run("check")
    assert "baseline/majority" not in [
        line for line in run("plan").splitlines() if "tickets" in line
    ]
    locked = locked_request_set("tickets")
    assert locked is not None
    assert result["request_set"]["sha256"] == locked.sha256


CHOICE = {
    "title": "Odd one out",
    "summary": "Which word is the odd one.",
    "kind": "choice",
    "data": "odd.jsonl",
    "licence": "CC0-1.0",
    "question": "Which is no fruit?\n{options}\nAnswer:",
    "answer": "odd",
    "choices": "words",
    "metrics": ["acc"],
}
WORDS = [{"words": ["fig", "car"], "odd": "car"}, {"words": ["hat", "plum", "pear"], "odd": "0"}]


def test_options_with_letters_or_as_text(board: Path) -> None:
    declare(board, WORDS, "odd", **CHOICE)
    first, second = load_examples(load_task("odd")).test
    assert first.question == "Which is no fruit?\nA. fig\nB. car\nAnswer:"
    assert (first.choices, first.gold) == (("A", "B"), (1,))
    assert (second.choices, second.gold, second.target) == (("A", "B", "C"), (0,), "A")
    board.joinpath("board.yaml").write_text(
        board.joinpath("board.yaml").read_text().replace("\\n{options}", "")
    )
    first = load_examples(load_task("odd")).test[0]
    assert (first.choices, first.target) == (("fig", "car"), "car")


def test_a_written_answer_is_found_by_a_pattern(board: Path) -> None:
    declare(
        board,
        [{"q": "1+1", "a": ["2", "two"]}, {"q": "2+2", "a": "4"}],
        "sums",
        title="Sums",
        summary="Sums of numbers.",
        kind="generation",
        data="sums.jsonl",
        licence="CC0-1.0",
        question="{q} =",
        answer="a",
        stop=["\n"],
        max_tokens=8,
        extract=r"(\w+)\.?",
        metrics=["exact_match"],
    )
    task = load_task("sums")
    examples = load_examples(task)
    assert [e.answers for e in examples.test] == [("2", "two"), ("4",)]
    assert task.extract(" I say 7. No, two. ") == "two"
    assert task.extract("...") == ""

    def written(example: Example) -> str:
        return "it is two." if example.id == "0" else "5."

    scored = score_task(task, examples, answer_all(task, examples, written))
    assert scored.metrics["exact_match"]["value"] == 0.5


def test_a_file_outside_the_repository_is_found_by_its_hash(
    board: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(board, TICKETS, **TICKET_TASK)
    private = board.parent / "private"
    (private / "tickets").mkdir(parents=True)
    (board / "tasks/tickets.jsonl").rename(private / "tickets/tickets.jsonl")
    monkeypatch.delenv("EVALUATOR_DATA", raising=False)
    with pytest.raises(DataError, match="a board's own file, and none of these is there"):
        load_examples(load_task("tickets"))
    monkeypatch.setenv("EVALUATOR_DATA", str(private))
    assert len(load_examples(load_task("tickets")).test) == 3
    (private / "tickets/tickets.jsonl").write_text("{}\n")
    digest = hashlib.sha256(b"{}\n").hexdigest()
    with pytest.raises(DataError, match=f"is pinned as .* write `sha256: {digest}` into board"):
        load_examples(load_task("tickets"))


@pytest.mark.parametrize(
    ("changed", "name", "messages"),
    [
        ({"labels": None}, "tickets", ["needs 'labels'"]),
        ({"stop": ["\n"]}, "tickets", ["is not for a classification task"]),
        ({"metrics": ["acc"]}, "tickets", ["no metric 'acc' for classification; known: accuracy"]),
        ({"kind": "matching", "labels": ["a", "b", "c"]}, "tickets", ["must be two"]),
        ({}, "gsm8k", ["is the name of a task that the evaluator brings"]),
        ({"sha256": "12"}, "tickets", ["must be a sha256: 64 hex digits"]),
        ({"data": "../secret.jsonl"}, "tickets", ["without folders"]),
        ({"qestion": "x"}, "tickets", ["unknown key"]),
        ({"extract": "(", "labels": None}, "tickets", ["no regular expression", "needs 'labels'"]),
    ],
)
def test_faults_of_a_declaration_are_all_told(
    board: Path, changed: dict[str, Any], name: str, messages: list[str]
) -> None:
    facts = TICKET_TASK | {"sha256": "0" * 64} | changed
    facts = {key: value for key, value in facts.items() if value is not None}
    text = (board / "board.yaml").read_text()
    (board / "board.yaml").write_text(f"{text}\ntasks: {json.dumps({name: facts})}\n")
    with pytest.raises(DocumentError) as caught:
        load_task(name if name != "gsm8k" else "nothing")
    told = " ".join(fault.message for fault in caught.value.faults)
    assert all(message in told for message in messages), told
    assert all(fault.line > 1 for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"team": "billing"}, "record 2: field 'text' is missing or empty"),
        ({"text": None, "team": "billing"}, "record 2: field 'text' is missing or empty"),
        ({"text": 7, "team": "billing"}, "cannot be read as jsonl"),
        ({"text": "x", "team": "sales"}, "answer 'sales' is none of the 2 choices"),
    ],
)
def test_records_that_do_not_fit_are_named(board: Path, record: Any, message: str) -> None:
    facts = {key: value for key, value in TICKET_TASK.items() if key not in ("id", "group")}
    declare(board, [TICKETS[0], record, record], **facts)
    with pytest.raises(DataError, match=message) as caught:
        load_examples(load_task("tickets"))
    assert "record 3" in str(caught.value) or "cannot be read" in message


def test_without_a_board_there_are_no_own_tasks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVALUATOR_SUBMISSIONS", raising=False)
    assert "gsm8k" in task_names()
    with pytest.raises(TaskError, match="no task 'tickets'"):
        load_task("tickets")


def test_the_tree_reads_a_board_with_own_tasks(board: Path) -> None:
    declare(board, TICKETS, **TICKET_TASK)
    assert read_tree(board).board.title
    with pytest.raises(EvaluatorError):
        load_task("other")
