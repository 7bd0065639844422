from __future__ import annotations

from evaluator.core.records import DataPin
from invented import csv_bytes


def file(pin: DataPin) -> bytes:
    _, split, subject = pin.id.split("/")
    rows = [
        (str(i), f" 虚构的{subject}题目{i}是？ ", "甲", "乙, 丙", "", "丁", "ABCD"[i % 4])
        for i in range(2 if split == "test" else 5)
    ]
    return csv_bytes(("", "Question", "A", "B", "C", "D", "Answer"), *rows)
