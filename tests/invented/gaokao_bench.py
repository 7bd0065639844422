from __future__ import annotations

from typing import Any

from evaluator.core.records import DataPin
from invented import json_bytes


def record(part: str, index: int, *answers: str) -> Any:
    return {
        "year": "1900",
        "category": "（虚构）",
        "question": f"{index}. 虚构的{part}，正确的是（ ）\nA. 甲\nB. 乙\nC. 丙\nD. 丁\n",
        "answer": list(answers),
        "analysis": "没有。",
        "index": index,
        "score": 5,
    }


def file(pin: DataPin) -> bytes:
    part = pin.id.split("/")[1]
    records = [record(part, 0, "B"), record(part, 1, "A", "D", "C"), record(part, 2, "AC")]
    return json_bytes({"keywords": part, "example": records})
