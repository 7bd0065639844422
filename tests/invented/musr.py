from __future__ import annotations

from evaluator.core.records import DataPin
from invented import json_bytes


def file(pin: DataPin) -> bytes:
    kind = pin.id.split("/")[1]
    asked = {"question": "Who did it?", "answer": 1, "intermediate_trees": [], "choices": []}
    questions = [
        {**asked, "choices": [f"Ada of {kind}", "Bo"]},
        {**asked, "answer": 0, "choices": "['Cy', \"Di's\", 'Ed']"},
    ]
    return json_bytes([{"context": f"An invented story about {kind}.", "questions": questions}])
