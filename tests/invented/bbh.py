from __future__ import annotations

from evaluator.core.records import DataPin
from evaluator.tasks.bbh import CHOICES
from invented import json_bytes


def file(pin: DataPin) -> bytes:
    subtask = pin.id.rsplit("/", 1)[1]
    answers = CHOICES[subtask]
    if "/cot/" in pin.id:
        shots = [
            f"Q: Invented puzzle {i}\nof {subtask}?\nA: Let's think step by step.\n"
            f"First this.\n\nThen that. So the answer is {answers[i % len(answers)]}."
            for i in range(3)
        ]
        head = "MADE UP CANARY\n-----\n"
        return (head + "\n\n".join([f"Solve an invented {subtask}.", *shots])).encode()
    rows = [
        {"input": f"Invented item {i} of {subtask}\nOptions: none", "target": answers[-i]}
        for i in range(2)
    ]
    broken = {"input": "Invented item without an answer", "target": "nothing on the list"}
    return json_bytes({"canary": "made up", "examples": [rows[0], broken, rows[1]]})
