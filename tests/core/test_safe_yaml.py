from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from made import fuzz

from evaluator.core.errors import DocumentError
from evaluator.core.safe_yaml import (
    FAST,
    MAX_BYTES,
    MAX_DEPTH,
    Document,
    _guard,
    pointer_step,
    read_yaml,
)


def faults_of(text: str | bytes) -> list[tuple[int, str, str]]:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(DocumentError) as caught:
        read_yaml(data, "some.yaml")
    assert all(fault.path == "some.yaml" for fault in caught.value.faults)
    return [(fault.line, fault.pointer, fault.message) for fault in caught.value.faults]


@pytest.mark.parametrize(
    "written",
    ["no", "yes", "on", "true", "010", "0x1f", "1.10", "1e3", ".inf", "12:30:45", "2020-01-01"],
)
def test_plain_scalars_stay_the_text_that_was_written(written: str) -> None:
    assert read_yaml(f"a: {written}\n".encode(), "p").value == {"a": written}


@pytest.mark.parametrize("written", ["", "~", "null"])
def test_an_empty_scalar_is_nothing(written: str) -> None:
    assert read_yaml(f"a: {written}\n".encode(), "p").value == {"a": None}


def test_quoted_and_block_text_is_remembered_as_text() -> None:
    document = read_yaml(b"a: \"1\"\nb: '~'\nc: |\n  2\nd: 1\n", "p")
    assert document.value == {"a": "1", "b": "~", "c": "2\n", "d": "1"}
    assert document.quoted == {"/a", "/b", "/c"}


def test_every_pointer_has_its_line() -> None:
    document = read_yaml(b"# comment\na: 1\nb:\n  - x\n  - c/d: {e: f}\n", "p")
    expected = {"/a": 2, "/b": 3, "/b/0": 4, "/b/1": 5, "/b/1/c~1d": 5, "/b/1/c~1d/e": 5}
    assert {key: document.lines[key] for key in expected} == expected


def test_a_fault_at_an_unknown_pointer_stands_at_its_nearest_parent() -> None:
    document = Document("p", {}, {"": 1, "/a": 4})
    assert document.fault("/a/b/c", "wrong").line == 4
    assert document.fault("/z", "wrong").line == 1


def test_pointer_steps_escape_slash_and_tilde() -> None:
    assert pointer_step("a/b~c") == "/a~1b~0c"


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: &x 1\n", 1, "anchor &x"),
        ("a: 1\nb: &x [1]\n", 2, "anchor &x"),
        ("a: &x {b: 1}\n", 1, "anchor &x"),
        ("a: 1\nb: *x\n", 2, "alias *x"),
        ("a: !!int 1\n", 1, "tag"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "tag"),
        ("a: ! 1\n", 1, "tag"),
        ("a: !x {b: 1}\n", 1, "tag"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: 1\n...\n---\nb: 2\n", 3, "second document"),
        ("a: 1\nb:\n  <<: {c: 1}\n", 3, "merge key"),
        ("a: 1\nb: 2\na: 3\n", 3, "stands twice (first on line 1)"),
        ("a:\n  b: 1\n  b: 1\n", 3, "stands twice (first on line 2)"),
        ("? [a]\n: 1\n", 1, "a key must be plain text"),
        ("a: 1\nb: [1\n", 3, "not valid YAML: close the list with ]"),
        ("a: 1\nb: {c: 1\n", 3, "not valid YAML: close the mapping with }"),
        ("a: 1\nb: 'c\n", 3, "not valid YAML: close the quotes"),
        ("a: 1\n\tb: 2\n", 2, "not valid YAML: indent with spaces, not with tabs"),
        ("a: 1\n  b: 2\n", 2, "not valid YAML: indent the keys of one part alike"),
        ("a:\n  b: 1\n c: 2\n", 3, "not valid YAML: indent the keys of one part alike"),
        ("a: b: 2\n", 1, "put text that holds ': ' in quotes"),
        ("a: 1\nb\nc: 2\n", 3, "not valid YAML: write each key with ': ' behind it"),
        ('a: "\\U0011FFFF"\n', 1, "not valid YAML"),
        ("", 1, "is empty; must be a mapping"),
        ("- a\n", 1, "must be a mapping"),
        ("just text\n", 1, "must be a mapping"),
    ],
)
def test_what_is_not_plain_data_is_refused_at_its_line(text: str, line: int, word: str) -> None:
    found = faults_of(text)
    assert [at for at, _, _ in found] == [line]
    assert word in found[0][2]


def test_every_refusal_of_a_document_is_told_at_once() -> None:
    found = faults_of("a: &x 1\nb: *x\nc: !!str 1\n")
    assert [line for line, _, _ in found] == [1, 2, 3]
    found = faults_of("a: 1\na: 2\nb:\n  <<: {}\n  [1]: 2\n")
    assert [(line, pointer) for line, pointer, _ in found] == [(2, "/a"), (4, "/b/<<"), (5, "/b")]


def test_depth_is_bounded() -> None:
    fits = "a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert read_yaml(fits.encode(), "p").value
    assert "nested deeper" in faults_of(fits.replace("[", "[[", 1).replace("]", "]]", 1))[0][2]
    assert "nested deeper" in faults_of("a: " + "[" * 60_000)[0][2]


def test_size_is_bounded() -> None:
    assert read_yaml(b"a: " + b"x" * (MAX_BYTES - 3), "p").value
    assert "bytes; at most" in faults_of(b"a: " + b"x" * (MAX_BYTES - 2))[0][2]


def test_the_number_of_values_is_bounded() -> None:
    assert "more than" in faults_of("a: [" + "1," * 25_000 + "]")[0][2]


@pytest.mark.parametrize(
    "hidden",
    [
        "\ufeff",
        "\u200b",
        "\u202e",
        "\u2066",
        "\u2028",
        "\u2029",
        "\xad",
        "\x00",
        "\x1b",
        "\x85",
        "\U000e0041",
    ],
)
def test_invisible_characters_are_refused_raw_and_escaped(hidden: str) -> None:
    raw = faults_of(f"a: 1\nb: x{hidden}y\n")
    assert [(line, "invisible character" in text) for line, _, text in raw] == [(2, True)]
    escaped = faults_of(f'a: 1\nb: "x\\U{ord(hidden):08x}y"\n')
    assert [(line, "invisible character" in text) for line, _, text in escaped] == [(2, True)]


def test_half_a_surrogate_pair_is_refused() -> None:
    assert "invisible character" in faults_of('a: "\\ud800"\n')[0][2]


def test_a_byte_order_mark_is_refused() -> None:
    assert "save the file as UTF-8 without it" in faults_of(b"\xef\xbb\xbfa: 1\n")[0][2]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_a_merge_left_is_told_by_its_marks(end: str) -> None:
    text = "a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> theirs\n".replace("\n", end)
    told = {(line, message.split(":")[0]) for line, _, message in faults_of(text)}
    assert told == {(line, "a merge conflict stands here") for line in (2, 4, 6)}


@pytest.mark.parametrize(
    "data", [b"a: 1\nb: \xe9\n", b"a: 1\nb: \xc0\x80\n", b"a: 1\n\xed\xa0\x80"]
)
def test_bytes_that_are_not_utf8_are_refused_at_their_line(data: bytes) -> None:
    assert [(line, "not UTF-8" in text) for line, _, text in faults_of(data)] == [(2, True)]


def test_windows_line_ends_and_chinese_text_are_read() -> None:
    assert read_yaml("a: 中文\r\nb: 2\r\n".encode(), "p").value == {"a": "中文", "b": "2"}


FRAGMENTS = st.sampled_from(
    [
        "a",
        ":",
        " ",
        "\n",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ",",
        '"',
        "'",
        "\\u202e",
        "&x",
        "*x",
        "!!int",
        "<<",
        "|",
        ">",
        "---",
        "...",
        "?",
        "#",
        "%YAML 1.1",
        "\t",
        "\r",
        "\\U0011FFFF",
        "中",
        "~",
    ]
)


@fuzz
@given(st.one_of(st.binary(max_size=200), st.lists(FRAGMENTS, max_size=40).map("".join)))
@example(b"\xff\xfea\x00")
@example("? - a\n: b")
def test_any_bytes_are_read_or_refused_with_faults(data: bytes | str) -> None:
    try:
        document = read_yaml(data if isinstance(data, bytes) else data.encode(), "p")
    except DocumentError as error:
        assert error.faults
        assert all(fault.message for fault in error.faults)
    else:
        assert isinstance(document.value, dict)


@fuzz
@given(st.text(alphabet="ab:- []{},#'\"|>!&*%?\n\t0é", max_size=60))
@example("a: 'it''s'\nb: [1, {c: d}]\n")
@example("? a\n: b\n")
@example("a: |\n  text\n  more\n")
def test_libyaml_reads_what_the_slow_parser_reads(text: str) -> None:
    """What both read is the same value; only libyaml's alone, or none's, may differ."""
    outcomes = []
    for loader in (FAST, yaml.BaseLoader):
        events, faults = _guard(text, "p", loader)
        kinds = [
            (type(e), getattr(e, "value", None), bool(getattr(e, "style", None))) for e in events
        ]
        outcomes.append((bool(faults), kinds))
    if not any(refused for refused, _ in outcomes):
        assert outcomes[0] == outcomes[1]
