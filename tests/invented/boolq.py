from __future__ import annotations

from evaluator.core.records import DataPin
from invented import lines


def file(pin: DataPin) -> bytes:
    passage = "Zumba stone -- The zumba stone is an invented stone that floats."
    return lines(
        {"question": "does a zumba stone float", "passage": passage, "idx": 0, "label": "true"},
        {"question": "is it real", "passage": passage, "idx": 1, "label": "false"},
    )
