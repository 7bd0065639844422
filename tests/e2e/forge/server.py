"""The forge's server on loopback: git over HTTP with tokens, and the little of the API we use.

A token belongs to one job and may do what that job declares: pushing needs `contents: write`,
opening an issue needs `issues: write`. Reading is free, as on a public repository.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Server:
    """A running server over a folder of bare repositories."""

    repositories: Path
    """Holds `<owner>/<name>.git`."""
    tokens: dict[str, dict[str, str]] = field(default_factory=dict)
    """Token -> permissions."""
    issues: list[dict[str, Any]] = field(default_factory=list)
    """Issues that were opened."""
    refused: list[str] = field(default_factory=list)
    """What tokens tried without permission."""

    def __enter__(self) -> Server:
        handler = type("Handler", (_Handler,), {"server_state": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    def issue_token(self, permissions: dict[str, str]) -> str:
        """Return a new token with these permissions."""
        token = f"forge_{secrets.token_hex(16)}"
        self.tokens[token] = permissions
        return token


class _Handler(BaseHTTPRequestHandler):
    server_state: Server

    def do_GET(self) -> None:
        if self.path.startswith("/api/"):
            self._answer_issues(None)
        else:
            self._git(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/api/"):
            self._answer_issues(json.loads(body))
        else:
            self._git(body)

    def _permissions(self) -> dict[str, str]:
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "basic":
            value = base64.b64decode(value).decode().partition(":")[2]
        return self.server_state.tokens.get(value, {})

    def _may(self, scope: str) -> bool:
        if self._permissions().get(scope) == "write":
            return True
        self.server_state.refused.append(f"{self.command} {self.path} without {scope}: write")
        self._send(401 if "Authorization" not in self.headers else 403, b"no permission")
        return False

    def _answer_issues(self, issue: dict[str, Any] | None) -> None:
        state = self.server_state
        if issue is None:
            self._send(200, json.dumps(state.issues).encode(), "application/json")
        elif self._may("issues"):
            state.issues.append({"number": len(state.issues) + 1, "state": "open", **issue})
            self._send(201, json.dumps(state.issues[-1]).encode(), "application/json")

    def _git(self, body: bytes) -> None:
        at = urlsplit(self.path)
        if "git-receive-pack" in self.path and not self._may("contents"):
            return
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.server_state.repositories),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": at.path,
            "QUERY_STRING": at.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "forge",
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        status = int(fields.pop("Status", "200").split()[0])
        self._send(status, content, fields.get("Content-Type", "text/plain"))

    def _send(self, status: int, content: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="forge"')
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
