from __future__ import annotations

from evaluator.core.records import DataPin
from invented import json_bytes


def file(pin: DataPin) -> bytes:
    record = {"question": "Which is made up?", "choices": ["this", "that", "none"], "answer": 2,
              "hint": "Look twice.", "image": None, "split": "test", "subject": "natural science",
              "lecture": "", "solution": ""}  # fmt: skip
    return json_bytes(
        {"1": record, "2": {**record, "image": "image.png"}, "3": {**record, "split": "train"}}
    )
