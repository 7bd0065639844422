from __future__ import annotations

from evaluator.core.records import DataPin


def file(pin: DataPin) -> bytes:
    rows = [(str(i % 2), f"{i}1", f"{i}2", f'He said "{i}.', f"It was {i}.") for i in range(5)]
    head = ("Quality", "#1 ID", "#2 ID", "#1 String", "#2 String")
    return "".join("\t".join(row) + "\r\n" for row in (head, *rows)).encode()
