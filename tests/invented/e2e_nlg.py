from __future__ import annotations

from evaluator.core.records import DataPin
from invented import csv_bytes


def file(pin: DataPin) -> bytes:
    rows = [(f"name[Made {i}], food[Soup]", f"Made {i} serves\nsoup, way {n}.") for i in range(4)
            for n in range(2)]  # fmt: skip
    return csv_bytes(("mr", "ref"), *rows)
