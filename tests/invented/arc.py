from __future__ import annotations

from typing import Any

from evaluator.core.records import DataPin
from invented import lines


def row(number: int, labels: str, key: str) -> Any:
    choices = [{"text": f"thing {i} of {number}", "label": label} for i, label in enumerate(labels)]
    stem = f"Which of these invented things is number {number}?"
    return {
        "id": f"Made_{number}",
        "question": {"stem": stem, "choices": choices},
        "answerKey": key,
    }


def file(pin: DataPin) -> bytes:
    if pin.id.endswith("_test"):
        return lines(row(100, "1234", "3"), row(101, "ABCDE", "E"))
    return lines(*(row(i, "ABCD", "ABCD"[i % 4]) for i in range(30)))
