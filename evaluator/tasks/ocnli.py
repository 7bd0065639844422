"""OCNLI: does a Chinese sentence follow from another, contradict it, or neither?

Paper: Hu et al. 2020, arXiv 2010.05444. The development split without the 50 pairs on which the
annotators did not agree (label "-"); the first pair of each label is shown and not asked. Our own
prompt; each genre is a group, and pairs of one premise are a cluster.

Licence CC BY-NC 2.0: not for a default index.
"""

from __future__ import annotations

from evaluator.core.records import Example, Examples, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, label_task, labelled, split_shots

PINS = load_pins("ocnli")
LABELS = ("蕴含", "中立", "矛盾")
SPELLED = ("entailment", "neutral", "contradiction")


def to_example(row: Row) -> Example:
    """Return one pair of premise and hypothesis."""
    first, second = row["sentence1"], row["sentence2"]
    return labelled(
        name=str(row["id"]),
        question=f"前提：{first}\n假设：{second}\n问题：前提和假设是蕴含、中立还是矛盾？\n答案：",
        texts=(first, second),
        labels=LABELS,
        gold=SPELLED.index(row["label"]),
        group=row["genre"],
        cluster=row["prem_id"],
    )


def load(read: Read) -> Examples:
    """Return the pairs with a label but the first of each, which are the shots."""
    return split_shots([to_example(r) for r in read(PINS[0]) if r["label"] != "-"], LABELS)


TASK = label_task(
    name="ocnli",
    title="OCNLI",
    summary="Whether a Chinese sentence follows from another, contradicts it, or neither.",
    languages=("zh",),
    licence="CC-BY-NC-2.0",
    open_licence=False,
    source="https://arxiv.org/abs/2010.05444",
    pins=PINS,
    load=load,
    n_shots=3,
    delimiter="",
    notes="The licence forbids commercial use, so it is in no default index.",
)
