from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from made import request, response

from evaluator.backends.scripted import Answer, ScriptedBackend
from evaluator.core.errors import RunError
from evaluator.core.records import Response
from evaluator.measure.journal import Answered, open_journal
from evaluator.measure.packs import Pack, plan_packs
from evaluator.measure.run import run_packs


def packs_of(n: int) -> list[Pack]:
    """One pack an item."""
    return [Pack(id=f"{i:064}", requests=(request(str(i)),), places=(i,)) for i in range(n)]


def answered(pack: Pack, logprob: float = -1.25) -> Answered:
    found = tuple(response(r.item, r.index, logprob=logprob) for r in pack.requests)
    return Answered(responses=found, seconds=0.5, tokens=7)


def fill(folder: Path, packs: list[Pack]) -> Path:
    with open_journal(folder) as journal:
        for pack in packs:
            journal.append(pack, answered(pack))
    return folder / "journal.jsonl"


def test_what_was_appended_is_read_back_equal(tmp_path: Path) -> None:
    packs = packs_of(3)
    fill(tmp_path / "new" / "folder", packs)
    with open_journal(tmp_path / "new" / "folder") as journal:
        assert journal.done == {pack.id: answered(pack) for pack in packs}


def test_a_line_is_on_disk_before_append_returns(tmp_path: Path) -> None:
    (pack,) = packs_of(1)
    with open_journal(tmp_path) as journal:
        journal.append(pack, answered(pack))
        assert (tmp_path / "journal.jsonl").read_bytes().endswith(b"\n")
        assert pack.id in journal.done


def test_a_cut_off_last_line_is_dropped_and_overwritten_wherever_it_was_cut(tmp_path: Path) -> None:
    packs = packs_of(3)
    path = fill(tmp_path, packs)
    whole = path.read_bytes()
    second = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    for cut in [second + 1, second + 40, len(whole) - 2, len(whole) - 1]:
        path.write_bytes(whole[:cut])
        with open_journal(tmp_path) as journal:
            assert list(journal.done) == [packs[0].id, packs[1].id]
            journal.append(packs[2], answered(packs[2]))
        assert path.read_bytes() == whole


@pytest.mark.parametrize("junk", [b"\0" * 50, b"{}\n", b"not json\n", b'{"responses": [3]}\n'])
def test_what_a_crash_of_the_machine_leaves_is_dropped(tmp_path: Path, junk: bytes) -> None:
    packs = packs_of(2)
    path = fill(tmp_path, packs)
    whole = path.read_bytes()
    path.write_bytes(whole + junk)
    with open_journal(tmp_path) as journal:
        assert len(journal.done) == 2
    assert path.read_bytes() == whole


def test_text_with_any_character_survives(tmp_path: Path) -> None:
    (pack,) = packs_of(1)
    text = "a\nb\r\u2028\u0085中\0\U0001f600"
    found = (response("0", text=text, finish="stop"),)
    with open_journal(tmp_path) as journal:
        journal.append(pack, Answered(responses=found, seconds=0.0, tokens=0))
    with open_journal(tmp_path) as journal:
        assert journal.done[pack.id].responses == found


def test_two_processes_cannot_hold_one_journal(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from evaluator.core.errors import RunError\n"
        "from evaluator.measure.journal import open_journal\n"
        "try:\n"
        "    with open_journal(Path(sys.argv[1])): print('held')\n"
        "except RunError as error: print(error)\n"
    )

    def other() -> str:
        command = [sys.executable, "-c", code, str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        return done.stdout.strip()

    with open_journal(tmp_path):
        assert other().endswith("another process is measuring this; wait for it")
    assert other() == "held"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RunError, match="cannot be written"), open_journal(tmp_path / "file"):
        pass


# --- running ---


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    packs, asked = packs_of(5), []

    def script(sent) -> Answer:
        if sent.item == "3" and len(asked) == 3:
            raise KeyboardInterrupt
        asked.append(sent.item)
        return Answer(logprob=-float(sent.item))

    seen: list[tuple[int, int, float]] = []
    with pytest.raises(KeyboardInterrupt):
        run_packs(packs, lambda: ScriptedBackend(script), tmp_path, lambda *now: seen.append(now))
    asked.append("stopped")
    answers = run_packs(
        packs, lambda: ScriptedBackend(script), tmp_path, lambda *now: seen.append(now)
    )
    assert asked == ["0", "1", "2", "stopped", "3", "4"]
    assert [r.logprob for r in answers.responses] == [-0.0, -1.0, -2.0, -3.0, -4.0]
    assert [now[:2] for now in seen] == [
        (0, 5),
        (1, 5),
        (2, 5),
        (3, 5),
        (3, 5),
        (4, 5),
        (5, 5),
    ]


def test_a_finished_run_loads_no_model(tmp_path: Path) -> None:
    packs = packs_of(2)
    fill(tmp_path, packs)

    def refuse() -> ScriptedBackend:
        raise AssertionError("nothing is left to answer")

    answers = run_packs(packs, refuse, tmp_path, lambda *_: None)
    assert (len(answers.responses), answers.seconds, answers.tokens) == (2, 1.0, 14)


def test_a_journal_of_other_requests_is_not_used(tmp_path: Path) -> None:
    fill(tmp_path, packs_of(2))
    others = plan_packs([request(str(i), continuation=" other") for i in range(2)])
    backend = ScriptedBackend(lambda sent: Answer(logprob=-9.0))
    answers = run_packs(others, lambda: backend, tmp_path, lambda *_: None)
    assert [r.logprob for r in answers.responses] == [-9.0, -9.0]


class Muddled(ScriptedBackend):
    """Answers what was not asked."""

    def answer(self, requests) -> list[Response]:
        return super().answer(requests)[:-1]


def test_answers_to_other_requests_stop_the_run(tmp_path: Path) -> None:
    backend = Muddled(lambda sent: Answer())
    with pytest.raises(RunError, match="not those asked for"):
        run_packs(packs_of(1), lambda: backend, tmp_path, lambda *_: None)
