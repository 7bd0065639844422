from __future__ import annotations

from evaluator.core.records import DataPin
from invented import lines


def file(pin: DataPin) -> bytes:
    return lines(
        *(
            {"sentence1": f"怎么付第{i}笔款", "sentence2": f"第{i}笔怎么付", "label": str(i % 2)}
            for i in range(5)
        )
    )
