from __future__ import annotations

from typing import Any

from evaluator.core.records import DataPin
from invented import lines

ENDINGS = [
    "puts the [substeps] kettle on the stove.",
    "sings to the kettle [title] until  it boils. ",
    " throws the kettle out of the window.",
    "asks the kettle what time it is.",
]


def row(number: int) -> Any:
    return {
        "ind": number,
        "activity_label": f"Making tea {number}",
        "ctx_a": "[header] How to make tea [title] Fill the kettle. [step] Use cold water.",
        "ctx_b": "then a Woman",
        "ctx": "not read",
        "split": "val",
        "split_type": "indomain",
        "label": number % 4,
        "endings": [ending.replace("kettle", f"kettle {number}") for ending in ENDINGS],
        "source_id": f"wikihow~{number}",
    }


def file(pin: DataPin) -> bytes:
    first = 0 if pin.id == "hellaswag/val" else 100
    return lines(*(row(first + i) for i in range(13)))
