from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz

from evaluator.core import schema
from evaluator.core.errors import DocumentError
from evaluator.core.schema import (
    NAMES,
    load_schema,
    read_document,
    read_json_document,
    write_document,
)

GOOD = """\
schema: 1
title: Some model
organisation: Some org
model:
  kind: causal
  repo: some-org/some-model
  revision: 0123456789abcdef0123456789abcdef01234567
  dtype: bfloat16
  chat_template: none
licence: Apache-2.0
training_data: Public web text.
suites: [core]
maintainers: [someone]
"""

BOARD = """\
schema: 1
title: A board
summary: A sentence.
repository: https://example.org/board
season: 2026-1
home: core
suites:
  core:
    title: Core
    summary: A sentence.
    areas:
      math:
        - task: gsm8k
          reason: Steps that can be checked.
limits:
  responses_bytes: 1000
"""

SOURCE = GOOD[GOOD.index("  kind") : GOOD.index("licence")]


def faults_of(text: str, name: str = "submission") -> list[tuple[int, str, str]]:
    with pytest.raises(DocumentError) as caught:
        read_document(text.encode(), "s.yaml", name)
    return [(fault.line, fault.pointer, fault.message) for fault in caught.value.faults]


def test_a_good_submission_and_board_are_read_with_their_types() -> None:
    value, document = read_document(GOOD.encode(), "s.yaml", "submission")
    assert value["schema"] == 1
    assert value["model"]["revision"].startswith("0123")
    assert document.lines["/model/revision"] == 7
    board, _ = read_document(BOARD.encode(), "b.yaml", "board")
    assert board["limits"]["responses_bytes"] == 1000


@pytest.mark.parametrize("written", ['"1"', "'1'", "|\n  1"])
def test_quoted_numbers_are_text(written: str) -> None:
    found = faults_of(GOOD.replace("schema: 1", f"schema: {written}"))
    assert [(line, pointer) for line, pointer, _ in found] == [(1, "/schema")]
    assert found[0][2].endswith("must be a whole number, without quotes")


def test_a_place_is_told_once_by_who_knows_most() -> None:
    found = faults_of(
        GOOD.replace("title: Some model", "title:")
        .replace("suites: [core]", "suites: core")
        .replace("maintainers: [someone]", "maintainers: []")
    )
    assert found == [
        (2, "/title", "is empty: name of the model for people, up to 80 characters"),
        (12, "/suites", '"core" must be a list: [a, b]'),
        (13, "/maintainers", "is empty: GitHub logins that may change this folder"),
    ]


@pytest.mark.parametrize("written", ["01", "1.0", "1e0", "0x1", "+1", "1_0", "true", "one", "[1]"])
def test_only_plain_decimal_digits_are_an_integer(written: str) -> None:
    found = faults_of(
        BOARD.replace("responses_bytes: 1000", f"responses_bytes: {written}"), "board"
    )
    assert [(line, pointer) for line, pointer, _ in found] == [(16, "/limits/responses_bytes")]


@pytest.mark.parametrize("word", ["no", "12:30:45", "010", "1.10", "null-model"])
def test_words_that_yaml_would_change_stay_words(word: str) -> None:
    value, _ = read_document(GOOD.replace("Some model", word).encode(), "s.yaml", "submission")
    assert value["title"] == word


def test_all_faults_are_reported_at_once_with_line_and_pointer() -> None:
    text = (
        GOOD.replace("title: Some model", "titel: Some model")
        .replace("dtype: bfloat16", "dtype: int3")
        .replace("licence: Apache-2.0", 'licence: "Apache 2.0"')
        .replace("suites: [core]", "suites: [Core, core, core]")
        .replace("maintainers: [someone]", "maintainers: ['@someone']\n")
    )
    found = {(line, pointer): message for line, pointer, message in faults_of(text)}
    assert set(found) == {
        (1, "/title"),
        (2, "/titel"),
        (8, "/model/dtype"),
        (10, "/licence"),
        (12, "/suites"),
        (12, "/suites/0"),
        (13, "/maintainers/0"),
    }
    assert found[1, "/title"].startswith("is missing: name of the model")
    assert "unknown key; known here: " in found[2, "/titel"]
    assert "float32, bfloat16, float16" in found[8, "/model/dtype"]
    assert "SPDX" in found[10, "/licence"]
    assert "without @" in found[13, "/maintainers/0"]


@pytest.mark.parametrize("key", ["title", "organisation", "model", "licence", "suites"])
def test_a_missing_key_is_named_with_what_it_means(key: str) -> None:
    text = re.sub(rf"(?m)^{key}:.*\n(  .*\n)*", "", GOOD)
    assert [(p, m.startswith("is missing: ")) for _, p, m in faults_of(text)] == [(f"/{key}", True)]


FILES = "  kind: causal\n  folder: weights\n  dtype: float32\n  chat_template: none\n"
SERVED = "  kind: served\n  provider: some\n  name: a/b\n  answers: text\n"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("  dtype: float32\n", {("/model/kind", "is missing")}),
        (FILES.replace("  folder: weights\n", ""), {("/model", "name one source")}),
        (SOURCE + "  folder: weights\n", {("/model", "name one source")}),
        (FILES + "  repo: a/b\n", {("/model", "name one source")}),
        (SOURCE.replace("  repo:", "  # repo:"), {("/model", "name one source")}),
        (FILES.replace("  dtype: float32\n", ""), {("/model/dtype", "is missing: float32, ")}),
        (FILES.replace("  chat_template: none\n", ""), {("/model/chat_template", "is missing")}),
        (FILES + "  policy: random\n", {("/model/policy", "only a model of kind scripted")}),
        (FILES + "  tasks: [banking77]\n", {("/model/tasks", "only a classifier")}),
        (FILES + "  provider: some\n", {("/model/provider", "only a model of kind served")}),
        (
            FILES.replace("causal", "masked"),
            {("/model/chat_template", "only a model of kind causal")},
        ),
        ("  kind: scripted\n", {("/model/policy", "is missing: majority or random")}),
        (
            "  kind: scripted\n  policy: random\n  dtype: float32\n",
            {("/model/dtype", "no number format")},
        ),
        (SERVED.replace("  name: a/b\n", ""), {("/model/name", "is missing")}),
        (SERVED + "  folder: weights\n", {("/model", "has no files")}),
        (SERVED.replace("a/b", "'a b'"), {("/model/name", "as the server spells it")}),
        (
            "  kind: classifier\n  folder: weights\n  dtype: float32\n",
            {("/model/tasks", "is missing: tasks whose labels")},
        ),
        ("  kind: onnx\n  folder: weights\n", {("/model/tasks", "is missing: tasks whose labels")}),
    ],
)
def test_each_kind_of_model_has_its_own_keys(source: str, told: set[tuple[str, str]]) -> None:
    found = faults_of(GOOD.replace(SOURCE, source))
    assert {pointer for _, pointer, _ in found} == {pointer for pointer, _ in told}
    for pointer, words in told:
        assert any(words in message for _, at, message in found if at == pointer)


@pytest.mark.parametrize(
    "source",
    [
        SOURCE,
        "  kind: causal\n  folder: weights\n  dtype: float32\n  chat_template: none\n",
        "  kind: scripted\n  policy: majority\n",
        "  kind: seq2seq\n  folder: weights\n  dtype: float32\n",
        "  kind: masked\n  folder: weights\n  dtype: float16\n",
        "  kind: classifier\n  folder: weights\n  dtype: float32\n  tasks: [banking77]\n",
        "  kind: onnx\n  folder: weights\n  tasks: [banking77]\n",
        SERVED,
    ],
)
def test_each_single_source_is_accepted(source: str) -> None:
    assert read_document(GOOD.replace(SOURCE, source).encode(), "s.yaml", "submission")


@pytest.mark.parametrize("branch", ["main", "v1.0", "refs/pr/1", "0123456", "0" * 41, "A" * 40])
def test_a_branch_or_tag_is_no_revision(branch: str) -> None:
    found = faults_of(GOOD.replace("0123456789abcdef0123456789abcdef01234567", branch))
    assert [pointer for _, pointer, _ in found] == ["/model/revision"]
    assert "never a branch or tag" in found[0][2]


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        (
            "revision: " + "0123456789abcdef" * 2 + "01234567",
            'revision: "{}\\n"',
            "/model/revision",
        ),
        ("repo: some-org/some-model", 'repo: "some-org/some-model\\n"', "/model/repo"),
        ("licence: Apache-2.0", 'licence: "Apache-2.0\\n"', "/licence"),
        ("suites: [core]", 'suites: ["core\\n"]', "/suites/0"),
        ("maintainers: [someone]", 'maintainers: ["someone\\n"]', "/maintainers/0"),
        ("title: Some model", 'title: "Some model\\n"', "/title"),
        ("title: Some model", 'title: "Some\\nmodel"', "/title"),
    ],
)
def test_a_line_end_never_slips_past_a_pattern(old: str, new: str, pointer: str) -> None:
    text = GOOD.replace(old, new.format("0123456789abcdef" * 2 + "01234567"))
    assert text != GOOD
    assert [found for _, found, _ in faults_of(text)] == [pointer]


def walk(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for part in schema.values():
            yield from walk(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from walk(part)


@pytest.mark.parametrize("name", NAMES)
def test_no_pattern_of_any_schema_lets_a_trailing_line_end_pass(name: str) -> None:
    patterns = [s["pattern"] for s in walk(load_schema(name)) if isinstance(s.get("pattern"), str)]
    assert patterns or name == "board"
    assert [p for p in patterns if not p.startswith("^") or not p.endswith(r"(?![\s\S])")] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_object_of_a_schema_is_closed_and_every_key_described(name: str) -> None:
    schema = load_schema(name)
    for part in walk(schema):
        if part.get("type") == "object":
            assert "additionalProperties" in part
    for key, about in schema["properties"].items():
        assert about.get("description"), key


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"{", "not valid JSON"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b'{"a": 1e999}', "larger than any number"),
        (b'{"a": 1, "a": 2}', "'a' stands twice"),
        (b'{"a": "\\ud800"}', "not valid JSON"),
        (b"\xff", "not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "must be a mapping"),
        (b"5", "must be a mapping"),
        (b"{}", "is missing"),
    ],
)
def test_json_that_is_no_attempt_is_refused_with_the_reason(data: bytes, word: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_json_document(data, "a.json", "attempt")
    assert any(word in fault.message for fault in caught.value.faults)


def test_a_good_attempt_is_read_and_json_types_are_not_guessed() -> None:
    good = {
        "schema": 1,
        "submission": "a/b",
        "task": "gsm8k",
        "key": "",
        "state": "failed",
        "reason": "out of memory",
        "when": "2026-01-01T00:00:00Z",
    }
    assert read_json_document(json.dumps(good).encode(), "a.json", "attempt") == good
    with pytest.raises(DocumentError):
        read_json_document(json.dumps(good | {"schema": "1"}).encode(), "a.json", "attempt")
    with pytest.raises(DocumentError):
        read_json_document(
            json.dumps(good | {"key": "a" * 64 + "\n"}).encode(), "a.json", "attempt"
        )


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False),
    st.text(max_size=3), st.lists(st.integers(0, 1), max_size=2),
    st.dictionaries(st.text(max_size=2), st.none(), max_size=1),
    st.sampled_from(["2026-01-01", "0" * 64, "org/model", "https://example.org"]),
)  # fmt: skip
RESULTS = sorted((ROOT / "submissions").glob("starter/*/results/*/*/*.json"))


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every part of a value."""
    yield at
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value[:3]) if isinstance(value, list) else inner
    for key, part in inner:
        yield from places(part, (*at, key))


@fuzz
@given(st.data())
def test_the_compiled_validator_agrees_with_the_one_that_tells_faults(data: st.DataObject) -> None:
    result = json.loads(data.draw(st.sampled_from(RESULTS)).read_bytes())
    *way, last = data.draw(st.sampled_from(list(places(result))[1:]))
    part = result
    for step in way:
        part = part[step]
    if data.draw(st.booleans()) or isinstance(part, list):
        part[last] = data.draw(ODD)
    else:
        del part[last]
    told = list(schema._validator("result").iter_errors(result))
    assert schema._follows(result, "result") == (told == [])


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("reason: short", '"short" is too short: at least 10 characters, it has 5'),
        ("run: '12'", '"12": must be the 8 hex digits that a run is named after'),
        ("date: today", '"today": must be a day, YYYY-MM-DD'),
        ("by: '@ada'", '"@ada": must be a GitHub login such as ada-lovelace, without @'),
    ],
)  # fmt: skip
def test_a_text_that_does_not_fit_is_told_what_would(part: str, told: str) -> None:
    good = {"schema": "1", "action": "annotate", "submission": "org/m", "by": "ada",
            "date": "'2026-01-01'", "reason": "for a good reason"}  # fmt: skip
    key, _, value = part.partition(": ")
    text = "".join(f"{name}: {found}\n" for name, found in {**good, key: value}.items())
    with pytest.raises(DocumentError) as error:
        read_document(text.encode(), "x.yaml", "decision")
    assert [fault.message for fault in error.value.faults] == [told]


def test_what_the_compiled_validator_cannot_take_in_is_told_by_the_other() -> None:
    assert not schema._follows({"schema": 10**400}, "attempt")
    assert not schema._follows({"schema": 1, "reason": "\ud800"}, "attempt")


SEASON = {"schema": 1, "title": "First", "summary": "The first season.", "references": ["a/b"]}


def test_what_is_made_here_is_read_back() -> None:
    assert read_document(write_document(SEASON, "made", "season"), "made", "season")[0] == SEASON


@pytest.mark.parametrize(
    ("part", "value", "told"),
    [
        ("title", "", 'made: /title: is empty: must be one line of text'),
        ("title", "two\nlines", 'made: /title: "two\\nlines": must be one line of text'),
        ("summary", "a hidden\u200b sign", "made: /summary: invisible character ZERO WIDTH SPACE: "
         "remove it"),
        ("references", ["a/b", "c/d", "a/b"], 'made: /references: "a/b" stands twice: keep one of '
         "the two"),
        ("references", ["a/b", "a"], 'made: /references/1: "a": must be <org>/<model>'),
    ],
)  # fmt: skip
def test_what_is_made_here_is_refused_by_its_part_and_no_line(
    part: str, value: Any, told: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        write_document(SEASON | {part: value}, "made", "season")
    assert str(caught.value) == told


@pytest.mark.parametrize("name", ["submission", "board", "season", "decision"])
def test_what_people_write_is_never_held_to_a_raw_pattern(name: str) -> None:
    patterns = [rule for rule in walk(load_schema(name)) if isinstance(rule.get("pattern"), str)]
    assert patterns
    assert [rule for rule in patterns if "message" not in rule] == []


def test_a_list_that_is_too_long_is_told_by_its_length() -> None:
    logins = ", ".join(f"u{number}" for number in range(11))
    (found,) = faults_of(GOOD.replace("[someone]", f"[{logins}]"))
    assert found[1:] == ("/maintainers", "holds 11, must hold at most 10")
