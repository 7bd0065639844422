"""CLINC150, pairs: do two messages to an assistant have the same intent?

Data: Larson et al. 2019, doi 10.18653/v1/D19-1131; the pairs are ours, since the classic sets of
pairs are not free. Each of 1,500 test messages, ten of every intent drawn by a hash, is paired with
another one: of the same intent in half of the pairs; else of another intent of the same domain,
which is the hard case. Each message is asked about once as the first of a pair; four shots are made
of training messages in the same way. Our own prompt; each domain is a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evaluator.core.records import Example, Examples
from evaluator.tasks import load_pins
from evaluator.tasks.clinc150 import read_domains, read_messages
from evaluator.tasks.forms import Read, by_lot, labelled, pair_task

PINS = load_pins("clinc150")
LABELS = ("no", "yes")
EACH = 10
"""First messages of each intent."""
SHOT_STEP = 38
SEED = "clinc150-pairs-1"


def to_example(first: str, second: str, same: bool, name: str, domain: str) -> Example:
    """Return one pair."""
    return labelled(
        name=name,
        question=f"Message 1: {first}\nMessage 2: {second}\n"
        "Question: Do both messages ask for the same thing?\nAnswer:",
        texts=(first, second),
        labels=LABELS,
        gold=int(same),
        group=domain,
    )


def make_pairs(
    messages: Iterable[tuple[str, str]], domains: Mapping[str, str], each: int, name: str
) -> list[Example]:
    """Return `each` pairs for every intent, every other one of which is a match."""
    by_intent: dict[str, list[str]] = {intent: [] for intent in domains}
    for text, intent in by_lot(messages, SEED):
        by_intent[intent].append(text)
    pairs = []
    for number, (intent, own) in enumerate(by_intent.items()):
        rivals = [i for i in domains if domains[i] == domains[intent] and i != intent]
        for i, first in enumerate(own[:each]):
            same = (number + i) % 2 == 0
            other = intent if same else by_lot(rivals, f"{SEED}|{first}")[0]
            second = by_lot((t for t in by_intent[other] if t != first), f"{SEED}|{first}")[0]
            made = f"{name}{intent.replace(' ', '_')}/{i}"
            pairs.append(to_example(first, second, same, made, domains[intent]))
    return pairs


def load(read: Read) -> Examples:
    """Return the pairs of test messages; as shots, one pair of four intents spread over all."""
    messages, domains = read_messages(read), read_domains(read)
    shown = make_pairs(messages["train"], domains, 2, "train/")
    return Examples(
        test=tuple(make_pairs(messages["test"], domains, EACH, "")),
        shots=tuple(shown[i * 2 + i // SHOT_STEP % 2] for i in range(0, len(domains), SHOT_STEP)),
        labels=LABELS,
    )


TASK = pair_task(
    name="clinc150_pairs",
    title="CLINC150 (pairs)",
    summary="Whether two messages to an assistant ask for the same thing.",
    languages=("en",),
    licence="CC-BY-3.0",
    open_licence=True,
    source="https://doi.org/10.18653/v1/D19-1131",
    pins=PINS,
    load=load,
    n_shots=4,
    notes="Pairs are drawn by a hash; those that do not match are of one domain, such as banking.",
)
