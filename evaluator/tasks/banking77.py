"""BANKING77: which of 77 intents a message to a bank has.

Paper: Casanueva et al. 2020, arXiv 2003.04807. 3,080 test messages, 40 of each intent. A language
model is asked by log-likelihood over the 77 labels, written with spaces, after five worked examples
(the first training message of five intents spread over the list). Our own prompt: no harness we
know of has a settled one.

Quirks: some messages hold line ends, which become spaces; labels keep the spelling of the source
(`reverted_card_payment?`, `Refund_not_showing_up`).
"""

from __future__ import annotations

from evaluator.core.records import Example, Examples, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, label_task

PINS = {pin.id: pin for pin in load_pins("banking77")}
SHOT_STEP = 16
"""Every 16th of the 77 intents is shown: five shots."""


def to_example(row: Row, name: str, intents: list[str]) -> Example:
    """Return one message; the answer is the intent with spaces for underscores."""
    gold = intents.index(row["category"])
    choices = spoken(intents)
    text = " ".join(row["text"].split())
    return Example(
        id=name,
        question=f"Message: {text}\nIntent:",
        texts=(text,),
        target=choices[gold],
        choices=choices,
        gold=(gold,),
    )


def spoken(intents: list[str]) -> tuple[str, ...]:
    """Return the intents as they are asked for: spaces for underscores."""
    return tuple(intent.replace("_", " ") for intent in intents)


def load(read: Read) -> Examples:
    """Return the test messages and one training message for each of five intents."""
    intents = [row["value"] for row in read(PINS["banking77/categories"])]
    train = list(read(PINS["banking77/train"]))
    shots = []
    for intent in intents[::SHOT_STEP]:
        number, row = next((i, r) for i, r in enumerate(train) if r["category"] == intent)
        shots.append(to_example(row, f"train{number}", intents))
    test = read(PINS["banking77/test"])
    return Examples(
        test=tuple(to_example(row, str(i), intents) for i, row in enumerate(test)),
        shots=tuple(shots),
        labels=spoken(intents),
    )


TASK = label_task(
    name="banking77",
    title="BANKING77",
    summary="Which of 77 intents a customer's message to a bank has.",
    languages=("en",),
    licence="CC-BY-4.0",
    open_licence=True,
    source="https://arxiv.org/abs/2003.04807",
    pins=tuple(PINS.values()),
    load=load,
    n_shots=5,
    notes="Longer labels are less likely word by word; log-likelihoods are not divided by length.",
)
