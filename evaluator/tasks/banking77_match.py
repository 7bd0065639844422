"""BANKING77, match: which of 20 earlier messages asks for the same as a customer's new one?

Data: Casanueva et al. 2020, arXiv 2003.04807. A help desk answers a question by finding the one
that it answered before. For each of 770 test messages, ten of every intent drawn by a hash, 20
candidates are ranked: the first training message of its own intent and those of 19 other intents,
drawn and put in order by a hash. Our own prompt; the log-likelihood of a candidate is divided by
its characters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from evaluator.core.records import Example, Examples
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, by_lot, ranking_task

PINS = load_pins("banking77")
CANDIDATES = 20
EACH = 10
SEED = "banking77-match-1"


def to_example(text: str, intent: str, name: str, known: Mapping[str, str]) -> Example:
    """Return one message with its candidates; `known` maps intents to their known message."""
    others = by_lot((other for other in known if other != intent), f"{SEED}|{text}")
    drawn = by_lot([intent, *others[: CANDIDATES - 1]], f"{SEED}|order|{text}")
    return Example(
        id=name,
        question=f"A customer writes: {text}\nThe same question, asked before:",
        target=known[intent],
        choices=tuple(known[i] for i in drawn),
        gold=(drawn.index(intent),),
    )


def load(read: Read) -> Examples:
    """Return the drawn test messages, intent by intent; there are no shots."""
    rows = {
        pin.id: [(" ".join(row["text"].split()), row["category"]) for row in read(pin)]
        for pin in PINS
        if pin.id != "banking77/categories"
    }
    known: dict[str, str] = {}
    for text, intent in rows["banking77/train"]:
        known.setdefault(intent, text)
    asked = defaultdict(list)
    for text, intent in by_lot(rows["banking77/test"], SEED):
        asked[intent].append(text)
    return Examples(
        test=tuple(
            to_example(text, intent, f"{intent}/{i}", known)
            for intent in sorted(asked)
            for i, text in enumerate(asked[intent][:EACH])
        )
    )


TASK = ranking_task(
    name="banking77_match",
    title="BANKING77 (match)",
    summary="Which of 20 known questions asks for the same as a customer's new message to a bank.",
    languages=("en",),
    licence="CC-BY-4.0",
    open_licence=True,
    source="https://arxiv.org/abs/2003.04807",
    pins=PINS,
    load=load,
    n_shots=0,
    length=len,
    notes="One candidate is right; the other 19 are known questions of other intents.",
)
