from __future__ import annotations

from evaluator.core.records import DataPin
from invented import lines


def file(pin: DataPin) -> bytes:
    return lines(
        {"problem": "What is half of $3$?", "solution": "...", "answer": "\\frac{3}{2}",
         "subject": "Made", "level": 1, "unique_id": "made/1"}
    )  # fmt: skip
