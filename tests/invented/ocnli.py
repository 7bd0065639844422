from __future__ import annotations

from evaluator.core.records import DataPin
from invented import lines

LABELS = ("-", "entailment", "neutral", "contradiction", "neutral", "entailment")


def file(pin: DataPin) -> bytes:
    return lines(*(row(i, label) for i, label in enumerate(LABELS)))


def row(i: int, label: str) -> dict[str, str | int]:
    return {
        "level": "easy",
        "sentence1": "他走了一天",
        "sentence2": f"他走了{i}步",
        "label": label,
        "label0": label,
        "genre": "lit",
        "prem_id": f"lit_{i // 5}",
        "id": i,
    }
