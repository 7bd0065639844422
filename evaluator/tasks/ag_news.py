"""AG News: which of four sections a news item belongs to.

Data: Zhang, Zhao and LeCun 2015, arXiv 1509.01626. 7,596 items of the test file; the first of each
section is shown as a shot and not asked. Our own prompt.

Quirks: line ends are written as a backslash and become spaces; HTML entities that lost their `&`
(` #39;`) are read as what they stand for. Its readme allows non-commercial use: not for a default
index.
"""

from __future__ import annotations

import csv
import html
import re

from evaluator.core.records import Example, Examples, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, label_task, labelled, split_shots

PINS = load_pins("ag_news")
LABELS = ("world", "sports", "business", "technology")
ENTITY = re.compile(r" ?(?<!&)#(\d{2,4});")


def plain(text: str) -> str:
    """Return a text with its line ends as spaces and its entities as characters."""
    text = html.unescape(ENTITY.sub(r"&#\1;", text.replace("\\", " ")))
    return " ".join(text.split())


def to_example(row: Row, name: str) -> Example:
    """Return one item; a line holds section, title and first sentences."""
    section, title, text = next(csv.reader([row["text"]]))
    said = f"{plain(title)}\n{plain(text)}"
    return labelled(
        name=name,
        question=f"News: {said}\nSection:",
        texts=(said,),
        labels=LABELS,
        gold=int(section) - 1,
    )


def load(read: Read) -> Examples:
    """Return all items but the first of each section, which are the shots."""
    return split_shots([to_example(r, str(i)) for i, r in enumerate(read(PINS[0]))], LABELS)


TASK = label_task(
    name="ag_news",
    title="AG News",
    summary="Which of four sections a news item belongs to.",
    languages=("en",),
    licence="non-commercial",
    open_licence=False,
    source="https://arxiv.org/abs/1509.01626",
    pins=PINS,
    load=load,
    n_shots=4,
    notes="The source allows non-commercial use alone, so it is in no default index.",
)
