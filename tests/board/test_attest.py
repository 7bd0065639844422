"""Signatures over results: made and verified with real ssh keys."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from made_board import SIGNER, WORKFLOW, make_key

from evaluator.board.attest import sign_results, signed_by, verify_results
from evaluator.core.errors import EvaluatorError

RESULT = "starter/small/results/starter_choice/b8de46b7cf34/362fde1e.json"


@pytest.fixture()
def board(tmp_path: Path) -> Path:
    """A tree with one result and a key that may sign."""
    root = tmp_path / "submissions"
    (root / RESULT).parent.mkdir(parents=True)
    (root / RESULT).write_text("{}\n")
    allow(root, make_key(tmp_path, "key"))
    return root


def allow(root: Path, key: Path, options: str = "") -> None:
    (root / "allowed_signers").write_text(
        f"{SIGNER} {options} {key.with_suffix('.pub').read_text()}"
    )


def told(root: Path, day: str = "2026-12-01") -> list[str]:
    days = {path.relative_to(root).as_posix(): day for path in root.glob("attestations/*")}
    return [str(fault) for fault in verify_results(root, days)[1]]


def test_a_signature_holds_and_names_its_signer_and_workflow(board):
    path = sign_results(board, [RESULT], board.parent / "key", WORKFLOW)
    held, faults = verify_results(board)
    assert faults == []
    assert [(found.signer, found.workflow) for found in held] == [(SIGNER, WORKFLOW)]
    assert signed_by(held)[RESULT].path == path.relative_to(board).as_posix()


def test_the_list_is_what_sha256sum_and_ssh_keygen_check(board):
    path = sign_results(board, [RESULT], board.parent / "key", WORKFLOW)
    done = subprocess.run(
        ["sha256sum", "--strict", "-c", path], cwd=board, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{RESULT}: OK\n"
    words = ["-f", "allowed_signers", "-I", SIGNER, "-n", "results@open-llm-leaderboard"]
    subprocess.run(
        ["ssh-keygen", "-Y", "verify", *words, "-s", f"{path}.sig"],
        cwd=board, input=path.read_bytes(), capture_output=True, check=True,
    )  # fmt: skip


def test_signing_twice_makes_the_same_files(board):
    first = sign_results(board, [RESULT], board.parent / "key")
    before = {path: path.read_bytes() for path in first.parent.iterdir()}
    assert sign_results(board, [RESULT, RESULT], board.parent / "key") == first
    assert {path: path.read_bytes() for path in first.parent.iterdir()} == before


def test_an_edited_or_missing_result_is_told(board):
    """Row 58: with a signature, one changed byte shows."""
    sign_results(board, [RESULT], board.parent / "key")
    (board / RESULT).write_text("{ }\n")
    assert any("differs from what runner@board signed" in line for line in told(board))
    (board / RESULT).unlink()
    assert any("is missing, but runner@board signed it" in line for line in told(board))


def test_a_signature_does_not_move_with_a_copy(board):
    """Row 59: the same bytes under another model's name are signed by nobody."""
    copied = RESULT.replace("starter/small", "starter/large")
    (board / copied).parent.mkdir(parents=True)
    shutil.copy(board / RESULT, board / copied)
    sign_results(board, [RESULT], board.parent / "key")
    held, faults = verify_results(board)
    assert faults == []
    assert set(signed_by(held)) == {RESULT}


def test_a_key_counts_only_while_it_is_valid(board):
    allow(board, board.parent / "key", 'valid-after="20261101Z",valid-before="20270101Z"')
    sign_results(board, [RESULT], board.parent / "key")
    assert told(board, "2026-12-01") == []
    for day in ("2026-10-31", "2027-01-02"):
        assert any(f"allows on {day}" in line for line in told(board, day))


def test_a_signature_for_another_purpose_does_not_count(board):
    path = sign_results(board, [RESULT], board.parent / "key")
    signature = path.with_name(f"{path.name}.sig")
    signature.unlink()
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", board.parent / "key", path]
    subprocess.run(command, check=True, capture_output=True)
    assert signature.exists()
    assert any("no key that allowed_signers allows" in line for line in told(board))


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("0123456789ab.sums", b"x\n", "after its own hash"),
        ("2d711642b726.sums", b"x", "in the middle of a line"),
        ("73cb3858a687.sums", b"x\n", "is not '<sha256>  <path"),
        ("e3b0c44298fc.sums", b"", "names no result"),
        ("notes.txt", b"hello", "not expected here"),
        ("0123456789ab.sums.sig", b"hello", "not expected here"),
    ],
)
def test_what_is_no_list_is_told(board, name, data, reason):
    (board / "attestations").mkdir()
    (board / "attestations" / name).write_bytes(data)
    assert any(reason in line for line in told(board)), told(board)


def test_a_list_without_its_signature_or_signers_is_told(board):
    path = sign_results(board, [RESULT], board.parent / "key")
    path.with_name(f"{path.name}.sig").unlink()
    assert any(f"{path.name}.sig is missing" in line for line in told(board))
    sign_results(board, [RESULT], board.parent / "key")
    (board / "allowed_signers").unlink()
    assert any("allowed_signers is missing" in line for line in told(board))


@pytest.mark.parametrize("path", ["", "../key", "starter/small/card.md", RESULT + "\n"])
def test_only_results_are_signed(board, path):
    with pytest.raises(EvaluatorError, match="sign files"):
        sign_results(board, [path], board.parent / "key")
    with pytest.raises(EvaluatorError, match="no result is named"):
        sign_results(board, [], board.parent / "key")
    assert not (board / "attestations").exists()


def test_a_key_that_cannot_sign_is_told(board):
    with pytest.raises(EvaluatorError, match="ssh-keygen says"):
        sign_results(board, [RESULT], board.parent / "no-such-key")
    assert not (board / "attestations").exists()


def test_without_ssh_keygen_the_error_says_what_to_install(board, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(EvaluatorError, match="install the OpenSSH client"):
        sign_results(board, [RESULT], board.parent / "key")
