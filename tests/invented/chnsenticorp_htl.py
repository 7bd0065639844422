from __future__ import annotations

from evaluator.core.records import DataPin
from invented import csv_bytes


def file(pin: DataPin) -> bytes:
    rows = [
        (str(side), f"编造的评论，第{i}条,{'好' if side else '差'}")
        for side in (1, 0)
        for i in range(6)
    ]
    return csv_bytes(("label", "review"), *rows, ("0", " "))
