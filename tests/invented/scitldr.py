from __future__ import annotations

from evaluator.core.records import DataPin
from invented import lines


def file(pin: DataPin) -> bytes:
    return lines(
        {"source": ["We made this up.", "It is  short."], "source_labels": [1, 0],
         "rouge_scores": [0.1, 0.2], "paper_id": "made", "target": ["Made up. ", "Short."],
         "title": "Made"}
    )  # fmt: skip
