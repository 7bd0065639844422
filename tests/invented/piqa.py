from __future__ import annotations

from evaluator.core.records import DataPin
from invented import lines


def file(pin: DataPin) -> bytes:
    if pin.id == "piqa/valid_labels":
        return b"1\n0\n"
    return lines(
        {"goal": "How do I dry a made-up hat?", "sol1": "Put it in water. ", "sol2": "Hang it up."},
        {"goal": "shelf", "sol1": "holds books", "sol2": "eats books"},
    )
