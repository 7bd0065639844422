"""Row 60: attestations that hold and are not the board's own.

`gh` is a stand-in that prints a record in the form of `gh attestation verify --format json`: every
signature in it counts as valid, so that what is refused here is refused by our own comparison.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_gh import put_gh

from evaluator.board.attest_github import unattested
from evaluator.core.errors import EvaluatorError
from evaluator.core.files import sha256_file

SERVER, REPOSITORY, RESULT = "https://github.com", "me/board", "a/b/results/t/k/01234567.json"
HOME = f"{SERVER}/{REPOSITORY}"
OWN = {
    "sourceRepositoryURI": HOME,
    "sourceRepositoryRef": "refs/heads/main",
    "buildSignerURI": f"{HOME}/.github/workflows/evaluate.yml@refs/heads/main",
    "runnerEnvironment": "github-hosted",
    "issuer": "https://token.actions.githubusercontent.com",
}


@pytest.fixture()
def tree(tmp_path: Path) -> Path:
    path = tmp_path / "submissions" / RESULT
    path.parent.mkdir(parents=True)
    path.write_text("{}\n")
    return tmp_path / "submissions"


def attested(sha256: str, **changes: str) -> dict:
    """Return one verified attestation as gh prints it."""
    certificate = {name: value for name, value in (OWN | changes).items() if value}
    subject = [{"name": "result.json", "digest": {"sha256": sha256}}]
    return {"verificationResult": {
        "signature": {"certificate": certificate}, "statement": {"subject": subject},
    }}  # fmt: skip


def gh(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str, said: str = "", code: int = 0):
    """Put a `gh` on the path that prints this; return what it was asked."""
    (folder / "answer").write_text(text)
    (folder / "said").write_text(said)
    prints = f"cat {folder}/answer\ncat {folder}/said >&2\nexit {code}\n"
    return put_gh(folder, monkeypatch, prints)


def told(tree: Path) -> list[str]:
    return [str(fault) for fault in unattested(tree, [RESULT], SERVER, REPOSITORY)]


def test_the_board_s_own_attestation_holds(tree, tmp_path, monkeypatch):
    others = [attested("0" * 64), attested(sha256_file(tree / RESULT))]
    notes = gh(monkeypatch, tmp_path, json.dumps(others))
    assert told(tree) == []
    asked = notes.read_text()
    for words in (f"--repo {REPOSITORY}", "--source-ref refs/heads/main", "--deny-self-hosted-run",
                  f"--signer-workflow {REPOSITORY}/.github/workflows/evaluate.yml"):  # fmt: skip
        assert words in asked


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sourceRepositoryURI": f"{SERVER}/mallory/board"}, "mallory/board"),
        ({"sourceRepositoryURI": f"{HOME}2"}, "me/board2"),
        ({"sourceRepositoryRef": "refs/pull/7/merge"}, "refs/pull/7/merge"),
        ({"sourceRepositoryRef": "refs/heads/main2"}, "refs/heads/main2"),
        ({"buildSignerURI": f"{HOME}/.github/workflows/ci.yml@refs/heads/main"}, "ci.yml"),
        (
            {"buildSignerURI": f"{HOME}/.github/workflows/evaluate.yml@refs/pull/7/merge"},
            "evaluate.yml@refs/pull/7/merge",
        ),
        ({"buildSignerURI": OWN["buildSignerURI"].replace("me/", "mallory/")}, "mallory/board"),
        ({"runnerEnvironment": "self-hosted"}, "self-hosted"),
        ({"runnerEnvironment": ""}, "runnerEnvironment is 'missing'"),
    ],
)
def test_one_of_somebody_else_does_not(tree, tmp_path, monkeypatch, changes, reason):
    gh(monkeypatch, tmp_path, json.dumps([attested(sha256_file(tree / RESULT), **changes)]))
    (fault,) = told(tree)
    assert fault.startswith(f"{RESULT}: GitHub does not vouch for it") and reason in fault


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("[]", "it has no attestation"),
        (json.dumps([attested("0" * 64)]), "about other bytes"),
        ('[{"verificationResult": {}}]', "another form"),
    ],
)
def test_one_about_nothing_or_other_bytes_does_not(tree, tmp_path, monkeypatch, answer, reason):
    gh(monkeypatch, tmp_path, answer)
    assert reason in told(tree)[0]


def test_what_gh_refuses_is_told_in_its_words(tree, tmp_path, monkeypatch):
    gh(monkeypatch, tmp_path, "", "Error: no attestations found for subject\n", 1)
    assert "no attestations found for subject" in told(tree)[0]


@pytest.mark.parametrize(
    ("answer", "said", "code"),
    [
        ("", "error connecting to api.github.com\n", 1),
        ("not JSON", "", 0),
        ('[{"other": 1}]', "", 0),
    ],
)
def test_a_look_that_fails_is_no_finding(tree, tmp_path, monkeypatch, answer, said, code):
    gh(monkeypatch, tmp_path, answer, said, code)
    with pytest.raises(EvaluatorError, match="gh attestation verify"):
        told(tree)


def test_without_gh_the_error_says_what_to_install(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EvaluatorError, match="gh is not installed"):
        told(tree)
