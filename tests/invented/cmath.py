from __future__ import annotations

from evaluator.core.records import DataPin
from invented import lines


def file(pin: DataPin) -> bytes:
    golds = ("9", "2/6", "0.50", "25%")
    return lines(
        *(
            {
                "grade": i + 1,
                "input": f"虚构的第{i}题：有多少个苹果？",
                "golden": gold,
                "reasoning_step": 1,
                "num_digits": 1,
            }
            for i, gold in enumerate(golds)
        )
    )
