"""TAT-QA: numbers computed from a table and the text around it, in reports of companies.

Paper: Zhu et al. 2021, arXiv 2105.07624. The questions of the test file whose answer is computed or
counted (739); those answered by words of the text are left out, because their official score mixes
two metrics. The unit ("in thousand", "in percent") is told, so that a number alone is the answer.
Our own prompt, without shots: tables are long. Questions about one report are a cluster.

An answer is right if it equals the gold at the decimals that the gold is written with.
"""

from __future__ import annotations

import json
from typing import Any

from evaluator.core.records import Example, Examples, Row
from evaluator.metrics.text import canonical_number, rounds_to
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, table_text, writing_task

PINS = load_pins("tatqa")
COMPUTED = ("arithmetic", "count")


def to_example(context: str, asked: dict[str, Any], cluster: str) -> Example:
    """Return one question under its table and paragraphs."""
    unit = f" (in {asked['scale']})" if asked["scale"] else ""
    gold = str(asked["answer"])
    return Example(
        id=asked["uid"],
        question=f"{context}\n\nQuestion: {asked['question']}\nAnswer with a number{unit}:",
        target=gold,
        answers=(gold,),
        group=asked["answer_from"],
        cluster=cluster,
    )


def to_context(row: Row) -> str:
    """Return a report's table, a row a line, and its paragraphs in order."""
    paragraphs = sorted(json.loads(row["paragraphs"]), key=lambda part: part["order"])
    told = "\n".join(" ".join(part["text"].split()) for part in paragraphs)
    return f"{table_text(json.loads(row['table'])['table'])}\n\n{told}"


def load(read: Read) -> Examples:
    """Return the computed questions of all reports."""
    return Examples(
        test=tuple(
            to_example(to_context(row), asked, json.loads(row["table"])["uid"])
            for row in read(PINS[0])
            for asked in json.loads(row["questions"])
            if asked["answer_type"] in COMPUTED
        )
    )


TASK = writing_task(
    name="tatqa",
    title="TAT-QA (numbers)",
    summary="Numbers computed from a table and its text, in reports of companies.",
    languages=("en",),
    licence="CC-BY-4.0",
    open_licence=True,
    source="https://arxiv.org/abs/2105.07624",
    pins=PINS,
    load=load,
    n_shots=0,
    extract=canonical_number,
    is_right=rounds_to,
    stop=("\n",),
    max_tokens=64,
    notes="The last number of the first line counts; signs of currencies and percent do not.",
)
