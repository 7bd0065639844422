from __future__ import annotations

from evaluator.core.records import DataPin
from invented import csv_bytes


def file(pin: DataPin) -> bytes:
    _, split, exam = pin.id.split("/")
    head = ("", "Question", "A", "B", "C", "D", "Answer")
    rows = [
        (str(i), f" 虚构的{exam}第{i}题？", "甲", "乙", "丙", "丁", "ABCD"[i % 4])
        for i in range(4 if split == "test" else 5)
    ]
    return csv_bytes(head, *rows)
