from __future__ import annotations

from evaluator.core.records import DataPin


def file(pin: DataPin) -> bytes:
    language = pin.id.split("/")[1]
    return f"Invented {language} problem one?\t1,234\nInvented problem two?\t7\n".encode()
