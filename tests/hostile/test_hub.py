"""Rows 30 to 33: a hub, or whoever answers in its place, and the files that it offers."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from conftest import ROOT
from e2e.forge.hub import Hub
from made import submission
from strangers import Row, rows

from evaluator.backends.loading import refuse_unsafe
from evaluator.core.errors import ModelError
from evaluator.measure import size
from evaluator.measure.manifest import FILES
from evaluator.measure.size import listed_size

REVISION = "0123456789abcdef0123456789abcdef01234567"
MODEL = submission(kind="causal", policy="", repo="some/model", revision=REVISION, dtype="float32")
SMALL = ROOT / "submissions/starter/small/weights"
TOKEN = "hf_never_to_be_seen_elsewhere"
Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this machine is reached, and no proxy stands between."""
    connect = socket.socket.connect

    def near(self: socket.socket, address: tuple[str, int]) -> None:
        assert address[0] == "127.0.0.1", f"a connection to {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", near)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HF_TOKEN", TOKEN)


@pytest.fixture()
def listening() -> Iterator[Callable[[Answer], tuple[str, list[str]]]]:
    """Start servers: what one answers -> (its address, the tokens that were sent to it)."""
    servers = []

    def start(answer: Answer) -> tuple[str, list[str]]:
        tokens: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                tokens.append(self.headers.get("Authorization", ""))
                try:
                    answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    return  # the reader has had enough, as it should

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}", tokens

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def send(handler: BaseHTTPRequestHandler, status: int, data: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(data)


def test_a_redirect_to_another_place_gets_no_token(listening, monkeypatch):
    """Row 30."""
    elsewhere, stolen = listening(lambda handler: send(handler, 200, b"{}"))
    hub, asked = listening(lambda handler: send(handler, 307, Location=f"{elsewhere}/x"))
    monkeypatch.setenv("HF_ENDPOINT", hub)
    assert listed_size(MODEL) is None
    assert asked == [f"Bearer {TOKEN}"] and stolen == []


def drip(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 200)
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def flood(handler: BaseHTTPRequestHandler) -> None:
    """A list of a million files."""
    send(handler, 200, b'{"siblings": [')
    part = b",".join([b'{"rfilename": "model.safetensors", "size": 5}'] * 10_000) + b","
    for _ in range(100):
        handler.wfile.write(part)


def lists(**facts: object) -> Answer:
    return lambda handler: send(handler, 200, json.dumps(facts).encode())


HUGE = lists(siblings=[{"rfilename": "model.safetensors", "size": 5 * 10**12}])


@rows([
    Row(31, "a list of a million files", flood, None),
    Row(31, "a list that comes drop by drop", drip, None),
    Row(31, "a list that is none", lambda h: send(h, 200, b"<html>"), None),
    Row(31, "a list of 200,000 brackets", lambda h: send(h, 200, b"[" * 200_000), None),
    Row(31, "files that are no files", lists(siblings=5), None),
    Row(31, "sizes that are no sizes", lists(siblings=[{"rfilename": "x", "size": "y"}]), None),
    Row(31, "not there", lambda h: send(h, 404), None),
    Row(31, "gated", lambda h: send(h, 401), None),
    Row(31, "asked too often", lambda h: send(h, 429), None),
    Row(31, "out of order", lambda h: send(h, 503), None),
    Row(31, "five terabytes", HUGE, 5 * 10**12),
])  # fmt: skip
def test_whatever_a_hub_lists_is_read_soon_or_not_at_all(listening, monkeypatch, case):
    monkeypatch.setattr(size, "SECONDS", 1)
    monkeypatch.setenv("HF_ENDPOINT", listening(case.value)[0])
    start = time.monotonic()
    assert listed_size(MODEL) == case.reason
    assert time.monotonic() - start < 10


LATER = (401, 429, 503)
"""States that take the library several tries: left to the long tests."""
FETCH = """
import sys
from pathlib import Path
from made import submission
from evaluator.core.errors import ModelError
from evaluator.measure.manifest import model_folder
facts = dict(kind="causal", policy="", dtype="float32", repo="some/model")
try:
    print(model_folder(submission(**facts, revision=sys.argv[1]), Path("nowhere")))
except ModelError as error:
    sys.exit(str(error))
"""


def fetch(cache: Path, hub: str) -> subprocess.CompletedProcess[str]:
    """Fetch the model in a process of its own: the library of the hub reads settings once."""
    environment = {**os.environ, "HF_ENDPOINT": hub, "HF_HOME": str(cache), "HF_TOKEN": TOKEN,
                   "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}  # fmt: skip
    command = [sys.executable, "-c", FETCH, REVISION]
    return subprocess.run(
        command, cwd=cache, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture()
def offered(tmp_path: Path) -> Path:
    """A folder that the hub offers: an honest model, and things that bring code."""
    folder = tmp_path / "offered"
    shutil.copytree(SMALL, folder)
    for name in ("pytorch_model.bin", "modeling_x.py", "tokenizer.py", "x.h5"):
        (folder / name).write_bytes(b"import os")
    return folder


def test_what_brings_code_is_never_fetched(tmp_path, offered):
    """Rows 32 and 33."""
    with Hub("some/model", REVISION, offered) as hub:
        done = fetch(tmp_path, hub.url)
        assert done.returncode == 0, done.stderr
        taken = {path.rsplit("/", 1)[1] for path in hub.asked if "/resolve/" in path}
    held = {path.name for path in Path(done.stdout.strip()).iterdir()}
    assert "model.safetensors" in held & taken
    assert not {"pytorch_model.bin", "modeling_x.py", "tokenizer.py", "x.h5"} & (held | taken)
    refuse_unsafe(Path(done.stdout.strip()))


def test_a_model_of_pickles_alone_is_refused(tmp_path, offered):
    """Row 32."""
    (offered / "model.safetensors").unlink()
    with Hub("some/model", REVISION, offered) as hub:
        done = fetch(tmp_path, hub.url)
    with pytest.raises(ModelError, match=r"no \*.safetensors file"):
        refuse_unsafe(Path(done.stdout.strip()))


@pytest.mark.parametrize(
    "status", [404, *(pytest.param(s, marks=pytest.mark.heavy) for s in LATER)]
)
def test_a_hub_that_refuses_is_told_in_one_sentence(tmp_path, listening, status):
    """Row 31: what can pass and what cannot are told apart by the state that stands in it."""
    hub, _ = listening(lambda handler: send(handler, status, **{"Retry-After": "0"}))
    done = fetch(tmp_path, hub)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "cannot fetch some/model" in done.stderr and TOKEN not in done.stderr


@rows([
    Row(33, "config.json", ("config.json", {"auto_map": {"AutoModel": "x.Y"}}), "auto_map"),
    Row(33, "inside it", ("config.json", {"text_config": {"auto_map": {}}}), "auto_map"),
    Row(34, "a kernel", ("config.json", {"_attn_implementation_internal": "a/b"}), "_attn_impl"),
    Row(34, "an implementation", ("config.json", {"attn_implementation": "x"}), "attn_impl"),
    Row(34, "trust", ("config.json", {"trust_remote_code": True}), "trust_remote_code"),
])  # fmt: skip
def test_a_configuration_that_names_code_is_refused(tmp_path, case):
    name, added = case.value
    shutil.copytree(SMALL, tmp_path / "weights")
    path = tmp_path / "weights" / name
    path.write_text(json.dumps(json.loads(path.read_text()) | added))
    with pytest.raises(ModelError, match=case.reason):
        refuse_unsafe(tmp_path / "weights")


def test_no_code_is_among_the_files_that_are_fetched():
    """Row 33."""
    kinds = {name.rsplit(".", 1)[1] for name in FILES}
    assert kinds <= {"json", "onnx", "data", "safetensors", "model", "jinja", "txt"}
