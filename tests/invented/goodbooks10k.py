from __future__ import annotations

from evaluator.core.records import DataPin
from invented import csv_bytes


def file(pin: DataPin) -> bytes:
    rows = []
    for i in range(1, 61):
        part = f" (Made Series {i // 3}, #{i % 3 + 1})" if i % 2 else ""
        rows.append((str(i), f"Author {i // 3}, Second", f"Book {i}{part}"))
    rows += [("61", "Author A", "First (Saga, #1)"), ("62", "Author A", "Second (Saga, #2)"),
             ("63", "Author A", "Alone")]  # fmt: skip
    return csv_bytes(("book_id", "authors", "title"), *rows)
