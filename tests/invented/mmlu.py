from __future__ import annotations

from evaluator.core.records import DataPin
from invented import csv_bytes


def file(pin: DataPin) -> bytes:
    _, split, subject = pin.id.split("/")
    head = ("question", "choice0", "choice1", "choice2", "choice3", "answer")
    rows = [
        (f" What is {i} in invented {subject}?\nSay it. ", "None", "NA", "c, d", "", str(i % 4))
        for i in range(4 if split == "test" else 5)
    ]
    return csv_bytes(head, *rows)
