from __future__ import annotations

import gzip
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from made import example

from evaluator.core.errors import DataError
from evaluator.core.files import git_blob_id, sha256
from evaluator.core.records import DataPin, Examples
from evaluator.measure.data import (
    address_of,
    cache_folder,
    data_folders,
    find_bytes,
    load_examples,
    load_rows,
    parse_rows,
)
from evaluator.tasks import load_task

DATA = b'{"a": 1}\n{"a": 2}\n'


def pin_of(data: bytes = DATA, **more: Any) -> DataPin:
    facts: dict[str, Any] = {
        "id": "some/file",
        "repo": "owner/name",
        "commit": "0" * 40,
        "path": "a folder/file.jsonl",
        "file": "file.jsonl",
        "sha256": sha256(data),
        "git_blob": git_blob_id(data),
        "bytes": len(data),
        "rows": 2,
        "format": "jsonl",
        "encoding": "utf-8",
        "licence": "Apache-2.0",
    }
    return DataPin(**(facts | more))


@dataclass
class Mirror:
    """What the loopback server serves, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    raw: bytes = b""


@pytest.fixture()
def mirror(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Mirror]:
    state = Mirror()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            if state.raw:
                self.wfile.write(state.raw)
            elif self.path in state.files:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(state.files[self.path])
            else:
                self.send_error(404)

        def log_message(self, *words: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("EVALUATOR_RAW", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("EVALUATOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("EVALUATOR_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


PLACE = f"/owner/name/{'0' * 40}/a%20folder/file.jsonl"


def cached() -> list[str]:
    return sorted(path.name for path in cache_folder().glob("*")) if cache_folder().exists() else []


def test_right_bytes_are_fetched_once_and_cached_by_their_hash(mirror: Mirror) -> None:
    mirror.files[PLACE] = DATA
    assert find_bytes(pin_of()) == DATA
    assert find_bytes(pin_of()) == DATA
    assert mirror.asked == [PLACE]
    assert cached() == [sha256(DATA)]


def test_a_pin_with_a_blob_id_alone_is_verified_and_cached_by_it(mirror: Mirror) -> None:
    mirror.files[PLACE] = DATA
    pin = pin_of(sha256="")
    assert find_bytes(pin) == DATA
    assert cached() == [git_blob_id(DATA)]
    with pytest.raises(DataError, match="is pinned as 1111"):
        find_bytes(replace(pin, git_blob="1" * 40))


def test_a_pin_of_unknown_length_is_held_to_its_blob_id(mirror: Mirror) -> None:
    mirror.files[PLACE] = DATA
    pin = pin_of(sha256="", bytes=0, rows=0, verified=False)
    assert find_bytes(pin) == DATA
    assert len(load_rows(pin)) == 2
    with pytest.raises(DataError, match="is pinned as 1111"):
        find_bytes(replace(pin, git_blob="1" * 40))


@pytest.mark.parametrize(
    ("served", "message"),
    [
        (DATA.replace(b"2", b"3"), "hash .* but some/file is pinned as"),
        (DATA[:-4], "14 bytes, but some/file is pinned with 18"),
        (DATA + b"x" * 10**6, "19 bytes, but some/file is pinned with 18"),
        (b"", "0 bytes, but"),
    ],
)
def test_wrong_bytes_are_refused_and_never_cached(
    mirror: Mirror, served: bytes, message: str
) -> None:
    mirror.files[PLACE] = served
    with pytest.raises(DataError, match=message):
        find_bytes(pin_of())
    assert cached() == []


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "Not Found"),
        (b"SSH-2.0-nonsense\r\n", "does not answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc", "does not answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n" + DATA[:5], "bytes, but some/file"),
        (b"HTTP/1.1 503 Busy\r\n\r\n", "Busy"),
    ],
)
def test_a_server_that_fails_is_told_in_a_sentence(
    mirror: Mirror, raw: bytes, message: str
) -> None:
    mirror.raw = raw
    with pytest.raises(DataError, match=message) as caught:
        find_bytes(pin_of())
    assert "some/file" in str(caught.value)
    assert cached() == []


def test_without_a_network_the_message_says_what_to_do(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("EVALUATOR_RAW", f"http://127.0.0.1:{port}")
    with pytest.raises(DataError, match="EVALUATOR_DATA is not set") as caught:
        find_bytes(pin_of())
    assert "set EVALUATOR_DATA to a folder that holds some/file.jsonl" in str(caught.value)
    assert "refused" in str(caught.value)
    assert cached() == []


def put(folder: Path, data: bytes) -> Path:
    (folder / "some").mkdir(parents=True)
    (folder / "some/file.jsonl").write_bytes(data)
    return folder


def test_named_folders_come_first_in_their_order(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    empty, full, other = tmp_path / "e", put(tmp_path / "f", DATA), put(tmp_path / "o", b"other")
    monkeypatch.setenv("EVALUATOR_DATA", f"{empty}:{full}:{other}")
    assert data_folders() == [empty, full, other]
    assert find_bytes(pin_of()) == DATA
    assert mirror.asked == []
    assert cached() == []


def test_a_wrong_file_in_a_named_folder_is_named_and_not_passed_over(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mirror.files[PLACE] = DATA
    monkeypatch.setenv("EVALUATOR_DATA", str(put(tmp_path / "f", DATA[::-1])))
    with pytest.raises(DataError, match=r"f/some/file\.jsonl: hash"):
        find_bytes(pin_of())
    assert mirror.asked == []


def test_a_spoilt_cache_is_named(mirror: Mirror) -> None:
    mirror.files[PLACE] = DATA
    find_bytes(pin_of())
    (cache_folder() / sha256(DATA)).write_bytes(b"spoilt")
    with pytest.raises(DataError, match=r"cache/data/.*Remove the file"):
        find_bytes(pin_of())


def test_without_a_mirror_github_serves_the_pinned_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVALUATOR_RAW", raising=False)
    assert address_of(pin_of()) == f"https://raw.githubusercontent.com{PLACE}"


# --- rows ---


def rows(data: bytes, form: str, encoding: str = "utf-8") -> list[dict[str, Any]]:
    return parse_rows(pin_of(data, format=form, encoding=encoding), data)


def test_text_of_a_table_stays_text_with_its_line_ends() -> None:
    data = b'a,b,c\r\n"one\ntwo","x, ""y""",NA\r\nNone,,010\r\n'
    assert rows(data, "csv") == [
        {"a": "one\ntwo", "b": 'x, "y"', "c": "NA"},
        {"a": "None", "b": "", "c": "010"},
    ]


def test_objects_inside_a_record_stay_json_text_in_their_order() -> None:
    data = json.dumps([{"q": "中", "t": {"b": 1, "a": 0}, "l": [1, "é"], "n": 3, "z": None}])
    assert rows(data.encode(), "json") == [
        {"q": "中", "t": '{"b": 1, "a": 0}', "l": '[1, "é"]', "n": 3, "z": None}
    ]


def test_a_list_of_plain_values_is_a_column_of_values() -> None:
    assert rows(b'["x", "y"]', "json") == [{"value": "x"}, {"value": "y"}]


def test_json_lines_end_at_line_feeds_alone() -> None:
    data = '{"a": "x\u2028y\u0085z"}\r\n\n{"a": "\u2029"}'.encode()
    assert rows(data, "jsonl") == [{"a": "x\u2028y\u0085z"}, {"a": "\u2029"}]


def test_other_encodings_and_whole_texts_are_read() -> None:
    assert rows(b"a\ncaf\xe9\n", "csv", "latin-1") == [{"a": "café"}]
    assert rows(b"line\r\nline\n", "text") == [{"text": "line\r\nline\n"}]


def test_lines_keep_every_sign_but_the_line_end() -> None:
    data = "a\tb \r\n\nc\u2028d\x85\n".encode()
    assert rows(data, "lines") == [{"text": "a\tb "}, {"text": "c\u2028d\x85"}]


def test_tab_separated_tables_quote_as_csv_does() -> None:
    assert rows(b'a\tb\n"x\ty\n"\t1\n', "tsv") == [{"a": "x\ty\n", "b": "1"}]


def test_a_json_object_becomes_rows_of_its_keys() -> None:
    data = b'{"k": "v", "more": [{"a": 1}], "7": {"b": null}}'
    assert rows(data, "json") == [
        {"key": "k", "value": "v"},
        {"key": "more", "value": '[{"a": 1}]'},
        {"key": "7", "value": '{"b": null}'},
    ]


def test_records_that_are_lists_become_json_text() -> None:
    assert rows(b'[[["d"], 1], "x"]', "json") == [{"value": '[["d"], 1]'}, {"value": "x"}]


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DataError, match=r"use csv, json, jsonl, jsonl\.gz, lines"):
        rows(b"", "parquet")


def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: bytes, **more: Any) -> Any:
    monkeypatch.setenv("EVALUATOR_DATA", str(put(tmp_path / "f", data)))
    return list(load_rows(pin_of(data, **more)))


def test_rows_come_through_datasets_unchanged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = b"a,b\nNA,010\nNone,\n"
    found = load(monkeypatch, tmp_path, data, format="csv")
    assert found == [{"a": "NA", "b": "010"}, {"a": "None", "b": ""}]


def test_a_key_that_only_later_rows_have_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = load(monkeypatch, tmp_path, b'{"a": 1}\n{"b": "x"}\n')
    assert found == [{"a": 1, "b": None}, {"a": None, "b": "x"}]


@pytest.mark.parametrize(
    ("data", "more", "message"),
    [
        (DATA, {"rows": 3}, "2 rows, but 3 are pinned"),
        (b'{"a": 1\n', {}, "cannot be read as jsonl"),
        (b"\xff\n", {}, "cannot be read as jsonl"),
        (b'{"a": 1}\n{"a": "x"}\n', {}, "cannot be read as jsonl"),
        (b"a,b\n1,2,3\n", {"format": "csv"}, "more cells"),
        (b'"text"', {"format": "json"}, "neither a list of records nor an object"),
        (b"a\n" + b"x" * 200_000 + b"\n", {"format": "csv"}, "cannot be read as csv"),
        (DATA, {"format": "jsonl.gz"}, "cannot be read as jsonl.gz"),
        (gzip.compress(DATA, mtime=0)[:-9], {"format": "jsonl.gz"}, "cannot be read as jsonl.gz"),
        (
            gzip.compress(b"\0" * 99, mtime=0)[:12] + b"\xff" * 30,
            {"format": "jsonl.gz"},
            "read as jsonl.gz",
        ),
        (b"[" * 200_000, {"format": "json"}, "cannot be read as json"),
    ],
)
def test_a_file_that_does_not_parse_into_its_rows_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: bytes, more: Any, message: str
) -> None:
    with pytest.raises(DataError, match=f"some/file: .*{message}"):
        load(monkeypatch, tmp_path, data, **more)


def test_a_null_that_is_read_is_told_with_its_row(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = b'{"a": "x", "b": null, "c": "1"}\n{"a": null, "b": null, "c": null}\n'
    monkeypatch.setenv("EVALUATOR_DATA", str(put(tmp_path / "f", data)))
    pin = pin_of(data, format="jsonl", rows=2)

    def load(name: str) -> list[str]:
        task = replace(
            load_task("starter_generation"),
            load=lambda read: Examples(
                test=tuple(
                    example(str(i), question=f"{row[name]}") for i, row in enumerate(read(pin))
                )
            ),
        )
        return [e.question for e in load_examples(task).test]

    assert load("b") == ["None", "None"]  # a column without any value is the task's own affair
    with pytest.raises(DataError, match="row 2: field 'a' is null, but other rows have it"):
        load("a")


def test_a_task_reads_its_rows_through_its_pins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EVALUATOR_DATA", str(put(tmp_path / "f", DATA)))
    task = replace(
        load_task("starter_generation"),
        load=lambda read: Examples(test=tuple(example(str(row["a"])) for row in read(pin_of()))),
    )
    assert [e.id for e in load_examples(task).test] == ["1", "2"]
