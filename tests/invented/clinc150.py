from __future__ import annotations

from evaluator.core.records import DataPin
from invented import json_bytes

INTENTS = [f"made_{i}" for i in range(150)]


def file(pin: DataPin) -> bytes:
    if pin.id == "clinc150/domains":
        return json_bytes({f"domain_{d}": INTENTS[d * 15 : d * 15 + 15] for d in range(10)})
    test = [[f"message {n} of {intent}", intent] for intent in INTENTS for n in range(3)]
    train = [[f"shown {n} of {intent}", intent] for intent in INTENTS for n in range(3)]
    beyond = [["what is beyond", "oos"]]
    return json_bytes(
        {"oos_val": [], "val": [], "train": train, "oos_test": beyond, "test": test,
         "oos_train": [["shown beyond", "oos"]]}
    )  # fmt: skip
