from __future__ import annotations

from evaluator.core.records import DataPin
from invented import csv_bytes


def file(pin: DataPin) -> bytes:
    head = ("dialog_id", "utt_id", "speaker", "text", "movies")
    rows = [
        (
            "made_live.pkl",
            "1",
            "SEEKER",
            "I saw QUOTATION_MARKMade OneQUOTATION_MARK.",
            "Made One (2001)",
        ),
        ("made_live.pkl", "2", "RECOMMENDER", "Then see Made Two!", "Made Two (2002)"),
        ("made_live.pkl", "3", "SEEKER", "Or others?", ""),
        *(
            ("more.pkl", str(i), "SEEKER", "x", f"Other {i} (2000);  Other {i + 1} (2000)")
            for i in range(25)
        ),
    ]
    return csv_bytes(head, *rows, delimiter="\t")
