from __future__ import annotations

from typing import Any

from evaluator.core.records import DataPin
from invented import lines

CLOZE = {"math", "gaokao-mathcloze"}


def row(part: str, number: int, label: Any) -> Any:
    return {
        "passage": f"An invented passage for {part}. " if number else None,
        "question": f"Which invented {part} answer is right?",
        "options": [f"({letter})thing {letter}" for letter in "ABCDE"[: 4 + number]],
        "label": label,
        "answer": None,
        "other": {"source": "nowhere"},
    }


def file(pin: DataPin) -> bytes:
    part = pin.id.split("/")[1]
    if part in CLOZE:
        asked = {"passage": None, "options": None, "label": None, "other": None}
        return lines(
            asked | {"question": f"Invented {part}: $1+1=$", "answer": "2"},
            asked | {"question": f"Invented {part}: half of $x$?", "answer": "\\frac{x}{2}"},
        )
    several = ["A", "C"] if part == "gaokao-physics" else "B D"
    return lines(row(part, 0, "C"), row(part, 1, "E" if part.startswith("lsat") else several))
