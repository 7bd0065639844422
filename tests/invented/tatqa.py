from __future__ import annotations

from evaluator.core.records import DataPin
from invented import json_bytes


def file(pin: DataPin) -> bytes:
    table = [["", "2019 ", "2018"], ["Sales", "$  1,452.4", "1,146.2"]]
    asked = {"uid": "q1", "order": 1, "question": "How much did sales grow?", "scale": "percent",
             "answer": 26.71, "answer_type": "arithmetic", "answer_from": "table"}  # fmt: skip
    words = {**asked, "uid": "q2", "answer": ["Sales"], "answer_type": "span", "scale": ""}
    told = [
        {"uid": "p2", "order": 2, "text": "It grew."},
        {"uid": "p1", "order": 1, "text": "In\nmillion."},
    ]
    return json_bytes(
        [{"table": {"uid": "t1", "table": table}, "paragraphs": told, "questions": [asked, words]}]
    )
