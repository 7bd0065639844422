"""A model hub on loopback: the little of the Hugging Face API that fetching a model needs.

One repository; with a token it is gated: whoever does not send it gets nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from evaluator.backends.vetting import read_header


@dataclass
class Hub:
    """A running hub."""

    repo: str
    """owner/name."""
    revision: str
    """Its only commit."""
    folder: Path
    """Its files."""
    token: str = ""
    """What a reader must send; '' for an open repository."""
    asked: list[str] = field(default_factory=list)
    """Every path that was asked for."""

    def __enter__(self) -> Hub:
        handler = type("Handler", (_Handler,), {"hub": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()


def sha1(data: bytes) -> str:
    """Return the id of a file as git has it."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        hub, path = self.hub, urlsplit(self.path).path
        hub.asked.append(path)
        if hub.token and self.headers.get("Authorization") != f"Bearer {hub.token}":
            self._send(401, b"gated", {"X-Error-Code": "GatedRepo"}, body)
        elif path == f"/api/models/{hub.repo}/revision/{hub.revision}":
            self._send(200, json.dumps(self._facts()).encode(), {}, body)
        elif path == f"/api/models/{hub.repo}/tree/{hub.revision}":
            listed = [
                {"type": "file", "oid": sha1(p.read_bytes()), "size": p.stat().st_size,
                 "path": p.name}
                for p in sorted(hub.folder.iterdir())
            ]  # fmt: skip
            self._send(200, json.dumps(listed).encode(), {}, body)
        else:
            name = path.removeprefix(f"/{hub.repo}/resolve/{hub.revision}/")
            file = hub.folder / name
            if "/" in name or not file.is_file():
                self._send(404, b"no such file", {"X-Error-Code": "EntryNotFound"}, body)
                return
            data = file.read_bytes()
            etag = f'"{hashlib.sha256(data).hexdigest()}"'
            self._send(200, data, {"X-Repo-Commit": hub.revision, "ETag": etag}, body)

    def _facts(self) -> dict[str, object]:
        files = [
            {"rfilename": path.name, "size": path.stat().st_size}
            for path in sorted(self.hub.folder.iterdir())
        ]
        return {"id": self.hub.repo, "modelId": self.hub.repo, "sha": self.hub.revision,
                "siblings": files, "safetensors": self._counts(), "private": False,
                "gated": bool(self.hub.token), "tags": [], "downloads": 0}  # fmt: skip

    def _counts(self) -> dict[str, object]:
        counts: Counter[str] = Counter()
        for path in self.hub.folder.glob("*.safetensors"):
            for kind, shape in read_header(path).values():
                counts[kind] += math.prod(shape)
        return {"parameters": dict(counts), "total": counts.total()}

    def _send(self, status: int, data: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
