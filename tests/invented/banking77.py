from __future__ import annotations

import json

from evaluator.core.records import DataPin
from invented import csv_bytes


def file(pin: DataPin) -> bytes:
    if pin.id == "banking77/categories":
        return json.dumps([f"made_{i}" for i in range(77)]).encode()
    shown = [(f"An invented\nmessage, number {i}", f"made_{i}") for i in range(77)]
    test = [("Where is my\n made-up  card?", "made_3"), ('"Odd", she said', "made_76")]
    return csv_bytes(("text", "category"), *(shown if pin.id == "banking77/train" else test))
