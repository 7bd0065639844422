from __future__ import annotations

from evaluator.core.records import DataPin
from invented import csv_bytes


def file(pin: DataPin) -> bytes:
    task = pin.id.split("/")[1].replace("_", " ")
    answers = ("No", "No", "Yes", "Yes")
    rows = [(str(i), f'An invented\tclause "{i}" on {task}.', a) for i, a in enumerate(answers)]
    return csv_bytes(("index", "text", "answer"), *rows, delimiter="\t")
