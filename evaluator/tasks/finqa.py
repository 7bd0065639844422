"""FinQA: numbers computed in several steps from a table and its text, in financial reports.

Paper: Chen et al. 2021, arXiv 2109.00122. The questions of the test file. As in the paper the gold
is what the annotated program computes (`exe_ans`); here an answer is right within half a per cent
of it, as a fraction or in per cent, and "yes" or "no" where the program compares. Our own prompt,
without shots. Questions about one page are a cluster.

The file's bytes have not been seen here: its pin names the git blob alone.
"""

from __future__ import annotations

import json
from typing import Any

from evaluator.core.records import Example, Row
from evaluator.metrics.text import canonical_number, close_to
from evaluator.tasks import load_pins
from evaluator.tasks.forms import table_text, whole_file, writing_task

PINS = load_pins("finqa")


def to_example(row: Row, name: str) -> Example:
    """Return one question between what stands before and after the table."""
    asked: dict[str, Any] = json.loads(row["qa"])
    before, after = (" ".join(json.loads(row[part])) for part in ("pre_text", "post_text"))
    context = f"{before}\n\n{table_text(json.loads(row['table']))}\n\n{after}"
    gold = str(asked["exe_ans"])
    return Example(
        id=row["id"],
        question=f"{context}\n\nQuestion: {asked['question']}\nAnswer:",
        target=gold,
        answers=(gold,),
        cluster=row["filename"],
    )


def extract(text: str) -> str:
    """Return yes or no if a text begins so, else its last number; '' if there is none."""
    first = text.strip().lower()[:3].rstrip(" ,.")
    return first if first in ("yes", "no") else canonical_number(text)


TASK = writing_task(
    name="finqa",
    title="FinQA",
    summary="Numbers computed in several steps from financial reports.",
    languages=("en",),
    licence="MIT",
    open_licence=True,
    source="https://arxiv.org/abs/2109.00122",
    pins=PINS,
    load=whole_file(PINS[0], to_example),
    n_shots=0,
    extract=extract,
    is_right=close_to,
    stop=("\n",),
    max_tokens=64,
    notes="Right within half a per cent, as a fraction or in per cent. Never run on the real file "
    "here.",
)
