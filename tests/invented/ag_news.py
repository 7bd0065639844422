from __future__ import annotations

from evaluator.core.records import DataPin
from invented import csv_bytes


def file(pin: DataPin) -> bytes:
    title, text = (
        'Made "up" title',
        "First part\\second costs  #36;10 and isn #39;t &lt;b&gt; AT&T #1",
    )
    return csv_bytes(*((str(1 + i % 4), f"{title} {i}", text) for i in range(8)))
