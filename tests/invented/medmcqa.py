from __future__ import annotations

from evaluator.core.records import DataPin
from invented import lines


def file(pin: DataPin) -> bytes:
    return lines(
        *(
            {
                "question": f"Which invented bone is number {number}?",
                "exp": None,
                "cop": number,
                "opa": "Bone one",
                "opb": "Bone two",
                "opc": "Bone three",
                "opd": "Bone four",
                "subject_name": "Anatomy" if number < 3 else "Dental",
                "topic_name": None,
                "id": f"made-{number}",
                "choice_type": "single",
            }
            for number in (1, 4, 2, 3)
        )
    )
