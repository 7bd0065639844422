"""Financial PhraseBank: is a sentence of financial news good, bad or no news for investors?

Paper: Malo et al. 2014, arXiv 1307.5336. The 4,846 sentences on whose label at least half of the
annotators agree. The file has no split: the first sentence of each label is shown as a shot and is
not measured, which leaves 4,843. Our own prompt.

Quirks: latin-1, `sentence@label`, split at the last `@`. Six sentences stand twice, as in the
original. Licence CC BY-NC-SA 3.0: not for a default index.
"""

from __future__ import annotations

from evaluator.core.records import Example, Examples, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, label_task, split_shots

PINS = load_pins("financial_phrasebank")
LABELS = ("positive", "neutral", "negative")


def to_example(row: Row, name: str) -> Example:
    """Return one sentence with its label."""
    sentence, label = row["text"].rsplit("@", 1)
    sentence = sentence.strip()
    return Example(
        id=name,
        question=f"Sentence: {sentence}\nSentiment:",
        texts=(sentence,),
        target=label,
        choices=LABELS,
        gold=(LABELS.index(label),),
    )


def load(read: Read) -> Examples:
    """Return all sentences but the first of each label, which are the shots."""
    return split_shots([to_example(row, str(i)) for i, row in enumerate(read(PINS[0]))], LABELS)


TASK = label_task(
    name="financial_phrasebank",
    title="Financial PhraseBank",
    summary="The sentiment of a sentence of financial news, from an investor's point of view.",
    languages=("en",),
    licence="CC-BY-NC-SA-3.0",
    open_licence=False,
    source="https://arxiv.org/abs/1307.5336",
    pins=PINS,
    load=load,
    n_shots=3,
    notes="59 % of the sentences are neutral.",
)
