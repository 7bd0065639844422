"""AFQMC: do two Chinese questions to a payment service mean the same?

Data: Ant Financial, in CLUE (Xu et al. 2020, arXiv 2004.05986). The 4,316 pairs of the development
split but the first of each label, which are shown: 4,314 are asked. Our own prompt.

Quirks: 31 % of the pairs match. No licence is stated: not for a default index.
"""

from __future__ import annotations

from evaluator.core.records import Example, Examples, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, labelled, pair_task, split_shots

PINS = load_pins("afqmc")
LABELS = ("不同", "相同")


def to_example(row: Row, name: str) -> Example:
    """Return one pair."""
    first, second = row["sentence1"], row["sentence2"]
    return labelled(
        name=name,
        question=f"句子一：{first}\n句子二：{second}\n问题：两句话的意思相同还是不同？\n答案：",
        texts=(first, second),
        labels=LABELS,
        gold=int(row["label"]),
    )


def load(read: Read) -> Examples:
    """Return all pairs but the first of each label, which are the shots."""
    return split_shots([to_example(r, str(i)) for i, r in enumerate(read(PINS[0]))], LABELS)


TASK = pair_task(
    name="afqmc",
    title="AFQMC",
    summary="Whether two Chinese questions to a payment service mean the same.",
    languages=("zh",),
    licence="unknown",
    open_licence=False,
    source="https://arxiv.org/abs/2004.05986",
    pins=PINS,
    load=load,
    n_shots=2,
    delimiter="",
    notes="No licence is stated, so it is in no default index.",
)
