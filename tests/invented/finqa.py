from __future__ import annotations

from evaluator.core.records import DataPin
from invented import json_bytes


def file(pin: DataPin) -> bytes:
    asked = {"question": "how did sales change?", "program": "divide(2, 10)", "exe_ans": 0.2,
             "answer": "20%"}  # fmt: skip
    yes = {**asked, "question": "did they grow?", "exe_ans": "yes", "answer": ""}
    return json_bytes(
        [
            {"pre_text": ["before .", "more ."], "post_text": ["after ."], "filename": "MADE/1.pdf",
             "table": [["", "2019"], ["sales", "$ 12"]], "id": f"MADE/1.pdf-{i}", "qa": qa}
            for i, qa in enumerate((asked, yes))
        ]
    )  # fmt: skip
