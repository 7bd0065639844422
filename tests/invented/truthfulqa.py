from __future__ import annotations

from evaluator.core.records import DataPin
from invented import json_bytes

PRIMER = (
    b"doc_to_text: \"\\\n  {% set prompt_qa = '\\\n  Q: Made up?\\n\\\n"
    b"  A: Yes.\\n\\n\\\n  Q: Sure?\\n\\\n  A: No.\\\n  '%}\\\n  {{prompt_qa}}\"\n"
)


def file(pin: DataPin) -> bytes:
    if pin.id == "truthfulqa/primer":
        return PRIMER
    row = {
        "question": "Is the moon made of cheese?",
        "mc0_targets": {},
        "mc1_targets": {"No": 1, "Yes": 0, "Only in winter": 0},
        "mc2_targets": {"No": 1, "It is not": 1, "Yes": 0, "Only in winter": 0},
    }
    return json_bytes([row])
