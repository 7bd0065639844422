from __future__ import annotations

from evaluator.core.records import DataPin
from invented import csv_bytes


def file(pin: DataPin) -> bytes:
    head = ("", "sent_more", "sent_less", "stereo_antistereo", "bias_type", "annotations")
    more, less = "Zumbas are always late.", "Mimbas are always late."
    return csv_bytes(
        head,
        ("0", more, less, "stereo", "nationality", "[]"),
        ("1", less, more, "antistereo", "age", "[]"),
    )
