"""One server over HTTP: JSON in, JSON out, in spite of what servers do.

Slow answers, broken ones (HTML, half a document, another form) and the states 408, 409, 425, 429
and 5xx are tried again after a growing wait; everything else is told at once. The key stands in an
environment variable, goes into one header, and is taken out of every message.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from typing import TypeVar
from urllib.parse import urlsplit

from evaluator.core.errors import ModelError, RunError, TooLongError, counted
from evaluator.core.files import Json
from evaluator.core.records import Provider

T = TypeVar("T")
AGAIN = (408, 409, 425, 429)
"""States that pass; so do all from 500 on."""
FIRST_WAIT = 1.0
"""Seconds before the second try; doubled before each further one."""
LONGEST_WAIT = 60.0
"""Most seconds between two tries, whatever the server asks for."""
LARGEST_REPLY = 16_000_000
"""Most bytes of one reply."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Hosts to which a key may go without encryption: this machine."""
TOO_LONG = re.compile("context_length_exceeded|maximum context length", re.IGNORECASE)
"""How servers that speak OpenAI's dialect, vLLM among them, say that a prompt does not fit."""


class _Unusable(Exception):
    """A reply that may be better next time; `wait`: seconds that the server asks for."""

    def __init__(self, reason: str, wait: float = 0) -> None:
        super().__init__(reason)
        self.wait = wait


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follow no redirect: the key must not go to another place."""

    def redirect_request(self, *_: object) -> None:
        return None


class Endpoint:
    """A provider's server. Its methods may be called from several threads."""

    def __init__(self, provider: Provider, first_wait: float = FIRST_WAIT) -> None:
        """Read the key from its environment variable.

        Raises:
            ModelError: the variable is not set, or the key would travel without encryption.
        """
        self._provider = provider
        self._first_wait = first_wait
        self._key = os.environ.get(provider.key_variable, "") if provider.key_variable else ""
        if provider.key_variable and not self._key:
            raise ModelError(f"provider {provider.name}: set {provider.key_variable} to its key")
        place = urlsplit(provider.url)
        if self._key and place.scheme != "https" and place.hostname not in LOOPBACK:
            raise ModelError(f"provider {provider.name}: a key goes to https addresses alone")
        self._opener = urllib.request.build_opener(_Stay)
        self._lock = threading.Lock()
        self._next = 0.0
        self.retries = 0
        """Tries that had to be made again."""

    def post(self, path: str, body: Json, read: Callable[[Json], T]) -> T:
        """Send a JSON body to a path below the address; return what `read` makes of the reply.

        Args:
            path: such as /completions.
            body: what is sent.
            read: reply -> value; raises KeyError, TypeError, ValueError or IndexError if the reply
                has another form than asked for, and is then tried again.

        Raises:
            ModelError: the server refuses what is asked.
            RunError: no usable reply in as many tries as the board allows.
        """
        last = ""
        for number in range(self._provider.tries):
            self._await_turn()
            try:
                return self._read(self._send(path, body), read)
            except _Unusable as error:
                last = str(error)
                wait = max(self._first_wait * 2**number, error.wait)
            with self._lock:
                self.retries += 1
            if number + 1 < self._provider.tries:
                time.sleep(min(wait, LONGEST_WAIT))
        tried = counted(self._provider.tries, "time")
        raise RunError(
            f"provider {self._provider.name}: no usable answer, tried {tried}; "
            f"the last: {self._hide(last)}. What was answered is kept: run the same command again."
        )

    def _send(self, path: str, body: Json) -> bytes:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        asked = urllib.request.Request(
            self._provider.url + path, json.dumps(body).encode(), headers, method="POST"
        )
        deadline = time.monotonic() + self._provider.timeout_seconds
        try:
            with self._opener.open(asked, timeout=self._provider.timeout_seconds) as reply:
                return _drain(reply, deadline)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error, deadline) from None
        except TimeoutError:
            limit = self._provider.timeout_seconds
            raise _Unusable(f"timed out: no reply within {limit:g} s (timeout_seconds)") from None
        except (OSError, HTTPException) as error:
            raise _Unusable(f"{type(error).__name__}: {error}") from None

    def _refusal(self, error: urllib.error.HTTPError, deadline: float) -> Exception:
        """Return what a state other than 200 means."""
        try:
            said = _drain(error, deadline).decode(errors="replace")
        except (_Unusable, OSError, HTTPException):
            said = ""
        told = f"status {error.code}: {' '.join(said.split())[:200]}"
        if error.code in AGAIN or error.code >= 500:
            return _Unusable(told, _seconds(error.headers.get("Retry-After", "")))
        where = f"provider {self._provider.name}"
        if 300 <= error.code < 400:
            return ModelError(f"{where}: it redirects; put the final address into board.yaml")
        if error.code in (401, 403) and self._provider.key_variable:
            told += f"; is {self._provider.key_variable} the right key?"
        kind = TooLongError if TOO_LONG.search(said) else ModelError
        return kind(f"{where}: {self._hide(told)}")

    def _read(self, data: bytes, read: Callable[[Json], T]) -> T:
        shown = " ".join(data[:120].decode(errors="replace").split())
        try:
            reply = json.loads(data)
        except (ValueError, RecursionError):
            raise _Unusable(f"no whole JSON, but {shown!r}") from None
        try:
            return read(reply)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise _Unusable(f"another form than asked for ({error}): {shown!r}") from None

    def _await_turn(self) -> None:
        """Wait until the rate limit allows another request."""
        if not self._provider.requests_per_minute:
            return
        with self._lock:
            turn = max(self._next, time.monotonic())
            self._next = turn + 60 / self._provider.requests_per_minute
        time.sleep(max(0.0, turn - time.monotonic()))

    def _hide(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text


def _drain(reply: HTTPResponse | urllib.error.HTTPError, deadline: float) -> bytes:
    """Return a whole reply, unless it is too slow as a whole or too long."""
    parts = []
    size = 0
    while part := reply.read1(65_536):
        size += len(part)
        if size > LARGEST_REPLY:
            raise _Unusable(f"more than {LARGEST_REPLY:,} bytes")
        if time.monotonic() > deadline:
            raise _Unusable("too slow: the whole reply did not come within the time limit")
        parts.append(part)
    wanted = reply.headers.get("Content-Length", "")
    if wanted.isdigit() and size < int(wanted):
        raise _Unusable(f"{size} of {wanted} bytes, then the connection ended")
    return b"".join(parts)


def _seconds(text: str) -> float:
    """Return the seconds of a Retry-After header; 0 for a date or nothing."""
    return float(text) if text.isdigit() else 0.0
