from __future__ import annotations

import fcntl
import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz

from evaluator.core.errors import DocumentError, EvaluatorError
from evaluator.core.files import (
    PART,
    canonical_bytes,
    compress,
    git_blob_id,
    hash_json,
    hash_json_list,
    json_lines,
    parse_json,
    pretty_bytes,
    read_plain,
    sha256,
    sha256_file,
    write_atomic,
    write_new,
)

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


def test_canonical_json_sorts_keys_and_keeps_letters() -> None:
    assert (
        canonical_bytes({"b": [1, 2.5, None], "a": "中"}) == '{"a":"中","b":[1,2.5,null]}'.encode()
    )
    assert pretty_bytes({"b": 1, "a": {}}) == b'{\n "a": {},\n "b": 1\n}\n'
    assert json_lines([{"b": 1, "a": 2}, []]) == b'{"a":2,"b":1}\n[]\n'


@fuzz
@given(VALUES)
def test_canonical_json_reads_back_equal_and_ignores_the_order_of_keys(value: Any) -> None:
    assert parse_json(canonical_bytes(value)) == value
    assert parse_json(pretty_bytes(value)) == value
    if isinstance(value, dict):
        assert hash_json(value) == hash_json(dict(reversed(value.items())))


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2000])
def test_a_list_is_hashed_piece_by_piece_as_the_whole(count: int) -> None:
    values = [[str(i), {"b": i, "a": "中"}] for i in range(count)]
    assert hash_json_list(iter(values)) == hash_json(values)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_never_written(number: float) -> None:
    for write in (canonical_bytes, pretty_bytes, hash_json):
        with pytest.raises(ValueError, match="not JSON compliant"):
            write({"a": number})


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":NaN}',
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b"[-1e999]",
        b'{"a":1,"b":2,"a":1}',
        b'"\\udc00"',
        b"\xff",
        b"\xef\xbb\xbf1",
        "1".encode("utf-16"),
        b"",
        b"[" * 100000,
    ],
)
def test_json_that_the_project_never_writes_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        parse_json(data)


def test_escapes_of_whole_characters_are_read() -> None:
    assert parse_json(b'"\\u4e2d \\ud83d\\ude00 \\u0000"') == "中 \U0001f600 \0"


@pytest.mark.parametrize("data", [b"", b"abc\n", bytes(range(256)), "中文".encode() * 1000])
def test_the_blob_id_is_that_of_git(data: bytes) -> None:
    command = ["git", "hash-object", "--stdin", "--no-filters"]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    assert git_blob_id(data) == done.stdout.decode().strip()


def test_hashes_of_bytes_and_of_files_agree(tmp_path: Path) -> None:
    path = tmp_path / "some"
    path.write_bytes(b"abc" * 100_000)
    assert sha256_file(path) == sha256(path.read_bytes())
    assert sha256(b"abc").startswith("ba7816bf")


def test_compression_depends_on_the_bytes_alone() -> None:
    packed = compress(b"abc" * 1000)
    assert packed == compress(b"abc" * 1000)
    assert packed[4:8] == b"\0\0\0\0"  # no clock
    assert not packed[3] & 0x08  # no name


@pytest.mark.parametrize("kind", ["link", "pipe", "socket", "folder"])
def test_what_is_no_plain_file_is_refused_and_never_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "it"
    (tmp_path / "there").write_bytes(b"secret")
    if kind == "link":
        path.symlink_to(tmp_path / "there")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(path))
    else:
        path.mkdir()
    with pytest.raises(DocumentError, match=r"^name: not a plain file: commit the file itself$"):
        read_plain(path, "name")


def test_a_plain_file_is_read_to_its_end_and_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    (tmp_path / "it").write_bytes(data)
    assert read_plain(tmp_path / "it") == data
    with pytest.raises(DocumentError, match=r"^gone: no such file$"):
        read_plain(tmp_path / "gone", "gone")
    with pytest.raises(DocumentError, match=r"^below: cannot be read: Not a directory$"):
        read_plain(tmp_path / "it" / "below", "below")


def test_a_file_is_written_whole_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.json"
    write_atomic(path, b"one")
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["c.json"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_what_is_new_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "a" / "c.json"
    write_new(path, b"first")
    write_new(path, b"second")
    assert path.read_bytes() == b"first"
    assert [p.name for p in path.parent.iterdir()] == ["c.json"]


def test_of_many_writers_at_once_one_is_first(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: write_new(path, b"%d" % i * 9999), range(8)))
    assert len(set(path.read_bytes())) == 1
    assert len(path.read_bytes()) == 9999
    assert [p.name for p in tmp_path.iterdir()] == ["c.json"]


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    write_atomic(path, b"old")
    with pytest.raises(TypeError):
        write_atomic(path, "text")
    assert path.read_bytes() == b"old"
    (tmp_path / "folder").mkdir()
    with pytest.raises(EvaluatorError, match="folder: cannot be written: Is a directory"):
        write_atomic(tmp_path / "folder", b"new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["c.json", "folder"]


def test_a_part_of_a_killed_process_is_removed_and_one_being_written_stays(tmp_path: Path) -> None:
    left, held = tmp_path / f"{PART}a.json.x", tmp_path / f"{PART}a.json.y"
    left.write_bytes(b"{")
    with held.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write_atomic(tmp_path / "a.json", b"{}")
        assert sorted(tmp_path.iterdir()) == [held, tmp_path / "a.json"]
    write_atomic(tmp_path / "b.json", b"{}")
    assert not held.exists()
