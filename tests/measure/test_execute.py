"""Programs that models wrote, run for real in the sandbox."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import ROOT, need
from invented import invented_examples

from evaluator.core.errors import TaskError
from evaluator.core.records import Response
from evaluator.measure.execute import passes, refuse_code
from evaluator.measure.score import score_task
from evaluator.tasks import load_task


@pytest.fixture(autouse=True)
def sandbox() -> None:
    need("bubblewrap", shutil.which("bwrap") is not None, "install Debian's bubblewrap")


def test_a_program_that_ends_well_passes_and_one_that_fails_does_not() -> None:
    assert passes("import math\nassert math.gcd(12, 18) == 6")
    assert not passes("assert False")
    assert not passes("def broken(:")
    assert not passes("x = '\0'")


@pytest.mark.parametrize(
    "harm",
    [
        "import socket; socket.create_connection(('1.1.1.1', 53), 2)",
        f"open({str(ROOT / 'README.md')!r})",
        "bytearray(2**31)",
        "import os\nfor _ in range(100): os.fork()",
        "open('/out/large', 'w').write('a' * 2**22)",
        "open('/usr/planted', 'w')",
    ],
)
def test_what_it_must_not_do_fails_inside_and_works_outside_of_nothing(harm: str) -> None:
    guarded = (
        f"try:\n    {harm.replace(chr(10), chr(10) + '    ')}\nexcept BaseException:\n    raise"
    )
    assert not passes(guarded)
    assert passes("pass"), "the sandbox must run at all, or this test says nothing"


def test_it_sees_no_variable_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "1")
    assert passes("import os\nassert 'SECRET_OF_THE_HOST' not in os.environ")


def board(tmp_path: Path, allow: bool) -> Path:
    tree = tmp_path / "submissions"
    tree.mkdir()
    text = (ROOT / "submissions/board.yaml").read_text()
    (tree / "board.yaml").write_text(
        text.replace("limits:\n", "limits:\n  run_code: true\n") if allow else text
    )
    return tree


def answer(text: str) -> list[Response]:
    return [
        Response(item="Made/0", index=0, logprob=0.0, greedy=True, text=text, finish="stop",
                 tokens=1, dropped=0)
    ]  # fmt: skip


def test_a_board_must_allow_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = load_task("humaneval")
    monkeypatch.setenv("EVALUATOR_SUBMISSIONS", str(board(tmp_path, allow=False)))
    refuse_code(load_task("gsm8k"))
    with pytest.raises(TaskError, match=r"does not allow it: set `run_code: true`"):
        score_task(task, invented_examples(task), answer("    return x"))


def test_a_function_is_right_if_its_tests_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALUATOR_SUBMISSIONS", str(board(tmp_path, allow=True)))
    task = load_task("humaneval")
    examples = invented_examples(task)
    for text, value in (("    return x\n", 1.0), ("    return x + 1\n", 0.0), ("", 0.0)):
        assert score_task(task, examples, answer(text)).metrics["exact_match"]["value"] == value
