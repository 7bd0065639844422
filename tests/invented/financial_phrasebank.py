from __future__ import annotations

from evaluator.core.records import DataPin

SENTENCES = (
    "The invented firm Caf\xe9 Oy sold nothing .@neutral",
    "Its losses grew .@negative",
    "Its losses shrank .@positive",
    "Write to made@up.example for more .@neutral",
    "Orders doubled .@positive",
    "Orders halved .@negative",
)


def file(pin: DataPin) -> bytes:
    return "".join(f"{sentence}\r\n" for sentence in SENTENCES).encode("latin-1")
