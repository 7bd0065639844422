from __future__ import annotations

from typing import Any

from evaluator.core.records import DataPin
from invented import json_bytes


def row(sentence: str, one: str, two: str, answer: int) -> Any:
    asked = "Please choose the correct answer to fill in the blank to complete the given sentence:"
    form = "Answer format: option1/option2"
    return {
        "instruction": f"{asked} {sentence}\n\nOption1: {one} Option2: {two} {form}",
        "input": "",
        "output": f"the correct answer is option{answer}",
        "answer": f"option{answer}",
    }


def file(pin: DataPin) -> bytes:
    return json_bytes(
        [
            row("Ada lent Bo her pen because _ had none.", "Ada", "Bo", 2),
            row("The cup did not fit the box, since the _  was small.", "cup", "box", 2),
        ]
    )
