from __future__ import annotations

from evaluator.core.records import DataPin

ROWS = (
    ("", "Never", "judged"),
    ("4.60", "A made-up dog.", "An invented dog."),
    ("3.00", "x", "y"),
    ("0.20", "One thing.", "Another."),
    ("2", "Half.", "A quarter."),
)


def file(pin: DataPin) -> bytes:
    return "".join("\t".join(row) + "\n" for row in ROWS).encode()
