from __future__ import annotations

from evaluator.core.records import DataPin


def file(pin: DataPin) -> bytes:
    rows = [
        ("a film of no kind", 0),
        ("it 's a well made thing", 1),
        ("not even long", 0),
        ("warm", 1),
    ]
    return "".join(f"{text}\t{label}\n" for text, label in rows).encode()
