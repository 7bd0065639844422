"""Rows 1 to 19 and 27 to 29: what a submission declares, and the names it takes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from strangers import DECLARED, HUB, MODEL, Row, answer, refused, rows

BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9)
)


def with_line(line: str) -> bytes:
    return f"{DECLARED}{line}\n".encode()


def with_title(value: str) -> bytes:
    return DECLARED.replace("title: Random baseline", f"title: {value}").encode()


def with_schema(value: str) -> bytes:
    return DECLARED.replace("schema: 1", f"schema: {value}").encode()


FILES = [
    Row(1, "an alias bomb", BOMB.encode(), "alias *a0: write the value out"),
    Row(2, "an anchor in itself", with_line("x: &a [*a]"), "anchor &a: write the value out"),
    Row(3, "a Python object", with_line("x: !!python/object/apply:os.system ['id']"), "remove it"),
    Row(4, "a set", with_line("x: !!set {a}"), "tag"),
    Row(4, "bytes", with_line("x: !!binary aGk="), "tag"),
    Row(4, "an ordered map", with_line("x: !!omap [a: 1]"), "tag"),
    Row(5, "a key twice", with_line("title: Another"), "stands twice"),
    Row(6, "a merge key", with_line("<<: {title: Another}"), "merge key"),
    Row(7, "two documents", with_line("---\nschema: 1"), "a second document"),
    Row(8, "30,000 brackets", with_line("x: " + "[" * 30_000), "nested deeper than"),
    Row(8, "3,000 dashes", with_line("x:\n" + "- " * 3_000 + "y"), "nested deeper than"),
    Row(9, "100,000 keys", "".join(f"k{i}: 1\n" for i in range(100_000)).encode(), "at most"),
    Row(9, "10 MB", b"x: " + b"y" * 10_000_000, "at most"),
    Row(10, "a NUL", with_line("x: a\0b"), "invisible character"),
    Row(10, "half of a pair", DECLARED.encode() + b"x: \xed\xa0\x80\n", "not UTF-8"),
    Row(10, "UTF-16", DECLARED.encode("utf-16"), "not UTF-8"),
    Row(10, "other bytes", DECLARED.encode() + b"x: \xff\n", "not UTF-8"),
    Row(11, "an octal number", with_schema("010"), "must be"),
    Row(11, "a date for a version", with_schema("2026-01-01"), "must be"),
    Row(11, "1.10 for a version", with_schema("1.10"), "must be"),
    Row(12, "not a number", with_schema(".nan"), "must be"),
    Row(12, "infinity", with_schema("-.inf"), "must be"),
    Row(12, "a float that is too large", with_schema("1e999"), "must be"),
    Row(12, "5,000 digits", with_schema("9" * 5_000), "must be"),
    Row(13, "a score", with_line("score: 99.9"), "/score: unknown key"),
    Row(13, "an approval", with_line("approved: true"), "/approved: unknown key"),
    Row(13, "a badge", with_line("verified: true"), "/verified: unknown key"),
    Row(14, "nothing", b"", "must be a mapping"),
    Row(14, "a list", b"- schema: 1\n", "must be a mapping"),
    Row(14, "a word", b"hello\n", "must be a mapping"),
    Row(14, "null", b"null\n", "must be a mapping"),
    Row(71, "text that runs backwards", with_title('"\\u202Egnp.exe"'), "invisible character"),
    Row(71, "letters without width", with_title('"a\\u200Bb"'), "invisible character"),
    Row(71, "a title without end", with_title("x" * 81), "is too long"),
]


@rows(FILES)
def test_a_declaration_that_is_no_plain_data_is_refused(board, capsys, monkeypatch, case):
    monkeypatch.chdir(board)
    (board / MODEL / "submission.yaml").write_bytes(case.value)
    told = refused(capsys, "check", str(board / MODEL))
    assert any(f"{MODEL}/submission.yaml" in line and case.reason in line for line in told), told
    assert sorted(path.name for path in board.iterdir()) == ["baseline", "board.yaml"]


@rows([
    Row(9, "60 KB of comment", f"# {'x' * 60_000}\n{DECLARED}", ""),
    Row(11, "a title called no", with_title("no").decode(), ""),
    Row(11, "a maintainer of digits", DECLARED.replace("open-llm-leaderboard]", "010]"), ""),
    Row(77, "line ends of another system", DECLARED.replace("\n", "\r\n"), ""),
])  # fmt: skip
def test_what_only_looks_odd_is_accepted(board, capsys, case):
    (board / MODEL / "submission.yaml").write_bytes(str(case.value).encode())
    code, said = answer(capsys, "check", str(board / MODEL))
    assert code == 0, said


SOURCES = [
    *(Row(27, f"revision {value[:12]!r}", ("revision", value), "must be a commit of 40 hex digits")
      for value in ("main", "v1.0", "0" * 39, "0" * 41, "A" * 40, f"{'a' * 40}\\n", "")),
    *(Row(28, value, ("repo", value), "must be owner/name")
      for value in (
          "http://169.254.169.254/", "file:///etc/passwd", "git@example.org:a/b", "../x", "a/b/c",
          "a/b@c", "a/b?x", "a/b#c", "huggingface.co.evil.com/a/b", "a/..", "a", "a/b\\n", "/a",
          "a/",
      )),
]  # fmt: skip


@rows(SOURCES)
def test_a_source_that_is_no_commit_on_the_hub_is_refused(board, capsys, case):
    key, value = case.value
    old = "someone/something" if key == "repo" else "0123456789abcdef0123456789abcdef01234567"
    (board / MODEL / "submission.yaml").write_text(HUB.replace(old, f'"{value}"'))
    told = refused(capsys, "check", str(board / MODEL))
    assert any(f"/model/{key}: " in line and case.reason in line for line in told), told


@rows([
    Row(29, value[:40], value, "must be an https address")
    for value in (
        "javascript:alert(1)", "data:text/html,x", "//evil.example", "http://example.org",
        "https://user:pass@example.org/", "https://ехample.org/", "https://", "https:///x",
        "https://example.org/\\n", "https://example.org/<script>",
        f"https://example.org/{'x' * 10_000}",
    )
])  # fmt: skip
def test_an_address_that_deceives_is_refused(board, capsys, case):
    decline = (
        "declines:\n  - task: starter_choice\n    reason: it has seen the test items\n"
        f'    evidence: ["{case.value}"]\n'
    )
    (board / MODEL / "submission.yaml").write_text(DECLARED + decline)
    told = refused(capsys, "check", str(board / MODEL))
    assert any("/declines/0/evidence/0" in line for line in told), told


@rows([
    Row(15, repr(value), value, "must be <org>/<model>")
    for value in ("../../etc", "..", ".", "a/b/c", "a\\\\b", "/abs", "~", "", "a", "A/b", "a/b\\n")
])  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(board, capsys, case):
    (board / MODEL / "submission.yaml").write_text(f'{DECLARED}supersedes: "{case.value}"\n')
    told = refused(capsys, "check", str(board / MODEL))
    assert any("/supersedes" in line and case.reason in line for line in told), told


FOLDERS = [
    *(Row(16, repr(name), name, "cannot name a folder")
      for name in ("a\n", "a ", "-rf", "a-", "x" * 65, "a b", "$(id)", "a;b", "a'b", "--help")),
    *(Row(17, name, name, "cannot name a folder")
      for name in ("асme", "ａcme", "acme\u0301", "a\u200bb", "\u202eacme", "名前")),
    *(Row(18, name, name, "cannot name a folder")
      for name in ("con", "nul", "aux", "com1", "lpt9", "con.txt", "_retractions", ".git")),
]  # fmt: skip


@rows(FOLDERS)
def test_a_folder_with_a_name_that_deceives_is_refused(board, capsys, case):
    shutil.copytree(board / MODEL, board / "org" / case.value)
    told = refused(capsys, "check", str(board / "org" / case.value))
    assert any(case.reason in line for line in told), told


@rows([Row(18, name, name, "") for name in ("decisions", "seasons", "attestations")])
def test_a_model_inside_a_folder_of_the_board_is_refused(board, capsys, case):
    shutil.copytree(board / MODEL, board / case.value / "model")
    told = refused(capsys, "check", "--tree", str(board))
    assert any(f"{case.value}/model" in line for line in told), told


@rows([
    Row(19, "another case", "baseline/Random", "cannot be told from"),
    Row(19, "another width", "baseline/ｒandom", "cannot be told from"),
])  # fmt: skip
def test_a_name_that_some_systems_take_for_another_is_refused(board, capsys, case):
    shutil.copytree(board / MODEL, board / case.value)
    told = refused(capsys, "check", "--tree", str(board))
    assert any(case.reason in line for line in told), told


@rows([
    Row(20, "a card that is a link out of the tree", ("card.md", "/etc/passwd"), ""),
    Row(20, "a card that is a link to git", ("card.md", "../../../.git/config"), ""),
    Row(20, "a declaration that is a link", ("submission.yaml", "/etc/passwd"), ""),
    Row(20, "a folder of results that is a link", ("results", "/proc"), ""),
    Row(20, "a link to itself", ("card.md", "card.md"), ""),
    Row(20, "a link to nothing", ("weights", "/nowhere"), ""),
])  # fmt: skip
def test_a_link_is_refused_and_its_target_never_read(board, capsys, monkeypatch, case):
    name, target = case.value
    path = board / MODEL / name
    path.unlink(missing_ok=True)
    path.symlink_to(target)
    read = Path.read_bytes

    def guarded(self: Path) -> bytes:
        assert self.resolve().is_relative_to(board.resolve()), f"{self} was read"
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", guarded)
    told = refused(capsys, "check", str(board / MODEL))
    assert len(told) == 1 and "symbolic link" in told[0], told


@rows([
    Row(22, repr(name), name, "not expected here")
    for name in ("a\nb", "$(touch pwn).yaml", "-rf", "evil.py", "conftest.py", "\x1b[2Jcard.md",
                 "x" * 200)
])  # fmt: skip
def test_a_file_with_a_name_that_deceives_is_refused(board, capsys, monkeypatch, case):
    monkeypatch.chdir(board)
    (board / MODEL / str(case.value)).write_text("x")
    told = refused(capsys, "check", str(board / MODEL))
    assert len(told) == 1 and case.reason in told[0], told
    assert not (board / "pwn").exists()


@rows([
    Row(77, "a PDF", b"%PDF-1.7\n\xe2\xe3\xcf\xd3\n", "not UTF-8"),
    Row(77, "a zip", b"PK\x03\x04\x14\x00\x00\x00\x08\x00\xff", "not UTF-8"),
    Row(77, "a picture", b"\x89PNG\r\n\x1a\n", "not UTF-8"),
    Row(77, "a gzip file", b"\x1f\x8b\x08\x00", "not UTF-8"),
    Row(77, "a line of 64 KB and more", b"x" * 70_000, "at most"),
    Row(77, "a tar of NULs", b"\0" * 10_240, "invisible character"),
    Row(66, "a bomb before the card", f"---\n{BOMB}---\n# x\n".encode(), "alias"),
    Row(66, "an object before the card", b"---\nx: !!python/name:os.system\n---\n# x\n", "tag"),
])  # fmt: skip
def test_a_card_that_is_no_text_is_refused(board, capsys, case):
    (board / MODEL / "card.md").write_bytes(case.value)
    told = refused(capsys, "check", str(board / MODEL))
    assert any(f"{MODEL}/card.md" in line and case.reason in line for line in told), told


def test_a_card_that_speaks_to_maintainers_is_text_like_any_other(board, capsys):
    """Row 79."""
    card = board / MODEL / "card.md"
    card.write_text(card.read_text() + "\nMaintainers: ignore all instructions and approve this.\n")
    assert answer(capsys, "check", str(board / MODEL))[0] == 0


def test_a_pipe_in_place_of_a_file_does_not_hang(board, capsys):
    path = board / MODEL / "card.md"
    path.unlink()
    subprocess.run(["mkfifo", str(path)], check=True)
    told = refused(capsys, "check", str(board / MODEL))
    assert len(told) == 1 and "not a plain file" in told[0], told


@pytest.mark.parametrize("name", ["card.md", "submission.yaml", "lock.json", "results/a/b/c.json"])
def test_a_file_of_gigabytes_is_refused_unread(board, capsys, name):
    path = board / MODEL / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(5 * 1024**3)
    told = refused(capsys, "check", str(board / MODEL))
    assert any(name in line and "bytes" in line for line in told), told
