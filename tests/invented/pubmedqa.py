from __future__ import annotations

from typing import Any

from evaluator.core.records import DataPin
from invented import json_bytes


def record(subject: str, decision: str) -> Any:
    return {
        "QUESTION": f"Does invented {subject} help?",
        "CONTEXTS": [f"We gave {subject} to nobody.", "We looked again."],
        "LABELS": ["BACKGROUND", "RESULTS"],
        "MESHES": ["None"],
        "YEAR": "1900",
        "reasoning_required_pred": decision,
        "reasoning_free_pred": decision,
        "final_decision": decision,
        "LONG_ANSWER": "A conclusion that is never shown.",
    }


def file(pin: DataPin) -> bytes:
    if pin.id == "pubmedqa/test_ids":
        return json_bytes({"2": "no", "1": "yes", "4": "maybe"})
    answers = ("yes", "no", "yes", "maybe")
    made = enumerate(("tea", "salt", "sleep", "music"))
    return json_bytes({str(i + 1): record(subject, answers[i]) for i, subject in made})
