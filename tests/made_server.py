"""A real OpenAI-compatible server over a real model, and a proxy before it that does harm."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

Json = Any
Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


class Model:
    """A causal language model that answers completions and chats, one at a time."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForCausalLM.from_pretrained(folder).eval()
        self.lock = Lock()
        self.keys: list[str] = []

    def answer(self, path: str, asked: Json) -> Json:
        with self.lock, torch.inference_mode():
            chat = path.endswith("/chat/completions")
            prompt = asked["messages"][0]["content"] if chat else asked["prompt"]
            row = self.tokenizer(prompt, return_offsets_mapping=True)
            ids = torch.tensor([row["input_ids"]])
            written = self.write(ids, asked["max_tokens"])
            text, finish = self.cut(written, asked.get("stop", []), asked["max_tokens"])
            choice: Json = {"index": 0, "finish_reason": finish}
            if chat:
                choice["message"] = {"role": "assistant", "content": text}
            else:
                choice["text"] = prompt + text if asked.get("echo") else text
                choice["logprobs"] = None
            if asked.get("echo"):
                places = [start for start, _ in row["offset_mapping"]]
                choice["logprobs"] = self.score(torch.cat([ids[0], written]), places, len(prompt))
            usage = {"prompt_tokens": ids.shape[1], "completion_tokens": len(written)}
            return {"model": asked["model"], "choices": [choice], "usage": usage,
                    "system_fingerprint": "fp_test"}  # fmt: skip

    def write(self, ids: torch.Tensor, most: int) -> torch.Tensor:
        if most == 1:
            return self.model(ids).logits[0, -1:].argmax(-1)
        found = self.model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=most, do_sample=False,
            pad_token_id=self.tokenizer.eos_token_id,
        )  # fmt: skip
        return found[0, ids.shape[1] :]

    def cut(self, written: torch.Tensor, stops: list[str], most: int) -> tuple[str, str]:
        text = self.tokenizer.decode(written, skip_special_tokens=True)
        ended = self.tokenizer.eos_token_id in written.tolist() or len(written) < most
        kept = text
        for stop in stops:
            kept = kept.split(stop)[0]
        return kept, "stop" if ended or kept != text else "length"

    def score(self, ids: torch.Tensor, places: list[int], end: int) -> Json:
        logprobs = self.model(ids[None]).logits[0].float().log_softmax(-1)
        truth = logprobs[:-1].gather(1, ids[1:, None])[:, 0].tolist()
        names = self.tokenizer.convert_ids_to_tokens(ids.tolist())
        best = [{"best": value} for value in logprobs[:-1].max(-1).values.tolist()]
        return {
            "tokens": names,
            "token_logprobs": [None, *truth],
            "top_logprobs": [None, *best],
            "text_offset": [*places, *[end] * (len(names) - len(places))],
        }


@contextmanager
def listening(answer: Answer) -> Iterator[str]:
    """Serve on a free port of this machine; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            # the client gave up, as it should
            with suppress(BrokenPipeError, ConnectionResetError):
                answer(self, self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(handler: BaseHTTPRequestHandler, data: bytes, code: int = 200, **headers: str) -> None:
    handler.send_response(code)
    headers = {"Content_Type": "application/json", "Content_Length": str(len(data))} | headers
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(data)


def serve(model: Model) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        model.keys.append(handler.headers.get("Authorization", ""))
        send(handler, json.dumps(model.answer(handler.path, json.loads(body))).encode())

    return answer


def spoil(upstream: str, faults: list[str]) -> Answer:
    """A proxy that does one fault of the list to each request, and none once it is empty."""

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        fault = faults.pop(0) if faults else ""
        if fault in FAULTS:
            FAULTS[fault](handler)
            return
        data, code = forward(upstream, handler, body)
        if fault == "half":
            data = data[: len(data) // 2]
        elif fault in SWAPPED:
            data = json.dumps(json.loads(data) | SWAPPED[fault]).encode()
        send(handler, data, code)

    return answer


def forward(upstream: str, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[bytes, int]:
    asked = urllib.request.Request(upstream + handler.path.removeprefix("/v1"), body, method="POST")
    asked.add_header("Content-Type", "application/json")
    asked.add_header("Authorization", handler.headers.get("Authorization", ""))
    try:
        with urllib.request.urlopen(asked) as reply:
            return reply.read(), reply.status
    except urllib.error.HTTPError as error:
        with error:
            return error.read(), error.code


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte at a time: no single wait is long, the whole is."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.02)


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    """Promise more bytes than come."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')


SWAPPED: dict[str, Json] = {
    "fewer": {"choices": []},
    "other": {"choices": "no"},
    "bare": {"usage": None},
}
FAULTS: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {
    "slow": lambda handler: time.sleep(2),
    "drip": drip,
    "cut": cut_off,
    "html": lambda handler: send(handler, b"<html><body>502 Bad Gateway</body></html>"),
    "429": lambda handler: send(handler, b'{"error": "slow down"}', 429, Retry_After="0"),
    "500": lambda handler: send(handler, b"oops", 500),
    "503": lambda handler: send(handler, b"busy", 503, Retry_After="soon"),
    "401": lambda handler: send(
        handler, b"bad key " + handler.headers.get("Authorization", "").encode(), 401
    ),
    "too long": lambda handler: send(
        handler, b'{"error": {"code": "context_length_exceeded", "message": "4097 tokens"}}', 400
    ),
    "302": lambda handler: send(handler, b"", 302, Location="http://127.0.0.1:1/v1"),
}
