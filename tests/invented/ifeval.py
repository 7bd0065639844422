from __future__ import annotations

from evaluator.core.records import DataPin
from invented import lines


def file(pin: DataPin) -> bytes:
    kinds = ["punctuation:no_comma", "length_constraints:number_words"]
    return lines(
        {"key": 1, "prompt": "Write a line. Use no commas and at least 3 words.",
         "instruction_id_list": kinds, "kwargs": [{}, {"relation": "at least", "num_words": 3}]}
    )  # fmt: skip
