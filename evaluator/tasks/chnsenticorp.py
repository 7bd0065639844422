"""ChnSentiCorp (hotels): is a Chinese hotel review positive or negative?

Collected by Tan Songbo; the file of SophonPlus/ChineseNlpCorpus. The file has no split and is
sorted by label, so 1,000 reviews of each label are drawn by a hash of their text and asked in the
order of the file; four more are the shots. Our own prompt.

Quirks: empty and repeated reviews are left out. No licence is stated: not for a default index.
"""

from __future__ import annotations

from evaluator.core.records import Example, Examples, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, by_lot, interleave, label_task, labelled

PINS = load_pins("chnsenticorp_htl")
LABELS = ("负面", "正面")
EACH = 1000
SEED = "chnsenticorp-1"


def to_example(row: Row, name: str) -> Example:
    """Return one review."""
    review = row["review"].strip()
    return labelled(
        name=name,
        question=f"酒店评论：{review}\n这条评论是正面的还是负面的？\n答案：",
        texts=(review,),
        labels=LABELS,
        gold=int(row["label"]),
    )


def load(read: Read) -> Examples:
    """Return the drawn reviews of both labels, and the two drawn next of each as shots."""
    rows = {row["review"].strip(): (row, str(i)) for i, row in enumerate(read(PINS[0]))}
    drawn = by_lot(filter(None, rows), SEED)
    sides = [[to_example(*rows[text]) for text in drawn if rows[text][0]["label"] == side]
             for side in "01"]  # fmt: skip
    test = sorted((e for side in sides for e in side[2 : EACH + 2]), key=lambda e: int(e.id))
    return Examples(
        test=tuple(test), shots=tuple(interleave(side[:2] for side in sides)), labels=LABELS
    )


TASK = label_task(
    name="chnsenticorp",
    title="ChnSentiCorp (hotels)",
    summary="Whether a Chinese review of a hotel is positive or negative.",
    languages=("zh",),
    licence="unknown",
    open_licence=False,
    source="https://github.com/SophonPlus/ChineseNlpCorpus",
    pins=PINS,
    load=load,
    n_shots=4,
    delimiter="",
    notes="No licence is stated, so it is in no default index. 1,000 reviews of each label are "
    "drawn by a hash.",
)
