from __future__ import annotations

from typing import Any

from evaluator.core.records import DataPin
from invented import lines


def row(a: int, b: int) -> Any:
    return {
        "question": f"Ada has {a} pens and buys {b}. How many has she?",
        "answer": f"{a} + {b} = <<{a}+{b}={a + b}>>{a + b} pens.\n#### {a + b:,}",
    }


def file(pin: DataPin) -> bytes:
    if pin.id == "gsm8k/test":
        return lines(row(900, 101))
    return lines(*(row(i, i + 1) for i in range(7)))
