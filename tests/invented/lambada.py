from __future__ import annotations

from evaluator.core.records import DataPin
from invented import lines


def file(pin: DataPin) -> bytes:
    return lines(
        {"text": 'She held the cup.\n\n"It is warm," she said, and put down the cup'},
        {"text": "He called for the dog, and so came the dog"},
    )
