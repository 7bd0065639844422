from __future__ import annotations

from evaluator.core.records import DataPin

TEXTS = {
    "ntrex/eng": ("A made-up line.", "Another."),
    "ntrex/zho-CN": ("编造的一行。", "另一行。"),
    "ntrex/doc_ids": ("made.1", "made.1"),
}


def file(pin: DataPin) -> bytes:
    return "".join(f"{text}\r\n" for text in TEXTS[pin.id]).encode()
