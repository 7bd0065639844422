"""NTREX-128: news translated by professionals. What its two tasks share.

Paper: Federmann, Kocmi and Xin 2022, aclanthology.org/2022.sumeval-1.4. The 1,997 sentences of 123
documents; sentences of one document are a cluster. `ntrex_en_zh` translates into Chinese and
`ntrex_zh_en` out of it: two tasks, because chrF counts over a whole text and its sizes differ by
script. Our own prompt, without shots, since there is no development split. The English side is the
original, so out of Chinese a translation is translated back.
"""

from __future__ import annotations

from evaluator.core.records import Example, Examples, Task
from evaluator.metrics.corpus import bleu, chrf, ter
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, text_task

PINS = {pin.id: pin for pin in load_pins("ntrex")}
LANGUAGES = {"en": ("ntrex/eng", "English"), "zh": ("ntrex/zho-CN", "Chinese")}


def translation_task(name: str, source: str, target: str) -> Task:
    """Return the task of one direction."""
    (source_pin, from_name), (target_pin, into_name) = LANGUAGES[source], LANGUAGES[target]

    def load(read: Read) -> Examples:
        rows = (read(PINS[pin]) for pin in (source_pin, target_pin, "ntrex/doc_ids"))
        return Examples(
            test=tuple(
                Example(
                    id=str(i),
                    question=f"{from_name}: {said['text'].strip()}\n{into_name}:",
                    target=wanted["text"].strip(),
                    answers=(wanted["text"].strip(),),
                    cluster=document["text"].strip(),
                )
                for i, (said, wanted, document) in enumerate(zip(*rows, strict=True))
            )
        )

    return text_task(
        name=name,
        title=f"NTREX ({from_name} to {into_name})",
        summary=f"News translated from {from_name} into {into_name}.",
        languages=(source, target),
        licence="CC-BY-SA-4.0",
        open_licence=True,
        source="https://aclanthology.org/2022.sumeval-1.4",
        pins=tuple(PINS.values()),
        load=load,
        n_shots=0,
        metrics=(chrf, bleu, ter),
        primary=chrf,
        max_tokens=192,
        notes="chrF over all sentences together; an item's value is its pull on that number.",
    )
