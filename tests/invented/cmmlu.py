from __future__ import annotations

from evaluator.core.records import DataPin
from invented import csv_bytes


def file(pin: DataPin) -> bytes:
    if pin.id == "cmmlu/subjects":
        from evaluator.tasks.cmmlu import QUESTIONS

        subjects = sorted({pin.id.split("/")[2] for pin in QUESTIONS})
        table = "".join(f'    "{subject}": "虚构{subject}",\n' for subject in subjects)
        return f"import os\n\nSUBJECTS = {{\n{table}}}\n\nprint(os)\n".encode()
    _, split, subject = pin.id.split("/")
    rows = [
        (str(i), f" 虚构的{subject}题目{i}是？ ", "甲", "乙, 丙", "", "丁", "ABCD"[i % 4])
        for i in range(2 if split == "test" else 5)
    ]
    return csv_bytes(("", "Question", "A", "B", "C", "D", "Answer"), *rows)
