"""Pinned rows in the shape that lm-evaluation-harness's task code reads: its dataset's columns.

One function a benchmark: rows of a pinned file, as `parse_rows` gives them -> records. Nothing of a
prompt is made here; that is the harness's own code.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from evaluator.core.records import DataPin, Row
from evaluator.tasks import bbh, winogrande

Records = Iterable[dict[str, Any]]
Read = Callable[[DataPin], Iterable[Row]]


def arc(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        asked = json.loads(row["question"])
        choices = asked["choices"]
        yield {
            "question": asked["stem"],
            "choices": {key: [c[key] for c in choices] for key in ("text", "label")},
            "answerKey": row["answerKey"],
        }


def mmlu(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {
            "question": row["question"],
            "choices": [row[f"choice{i}"] for i in range(4)],
            "answer": int(row["answer"]),
        }


def boolq(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {**row, "label": ("false", "true").index(row["label"])}


def truthfulqa(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        targets = {name: json.loads(row[name]) for name in ("mc1_targets", "mc2_targets")}
        yield {
            "question": row["question"],
            **{
                name: {"choices": list(found), "labels": list(found.values())}
                for name, found in targets.items()
            },
        }


def as_they_are(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    yield from map(dict, rows)


def crows_pairs(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {name: row[name] for name in ("sent_more", "sent_less", "bias_type")}


def cmmlu(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {name: row[name] for name in ("Question", "A", "B", "C", "D", "Answer")}


def hellaswag(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {**row, "label": str(row["label"]), "endings": json.loads(row["endings"])}


def musr(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        for asked in json.loads(row["questions"]):
            choices = asked["choices"]
            yield {
                "narrative": row["context"],
                "question": asked["question"],
                "choices": choices if isinstance(choices, str) else repr(choices),
                "answer_choice": (
                    ast.literal_eval(choices) if isinstance(choices, str) else choices
                )[int(asked["answer"])],
            }


def of_bbh(rows: Iterable[Row], subtask: str) -> Iterator[dict[str, Any]]:
    """Three items of the pinned files name no option of their list; our task leaves them out."""
    tables = {row["key"]: row["value"] for row in rows}
    for record in json.loads(tables["examples"]):
        if record["target"] in bbh.CHOICES[subtask]:
            yield record


def of_winogrande(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        found = winogrande.WORDING.fullmatch(row["instruction"])
        assert found
        sentence, option1, option2 = found.groups()
        answer = row["answer"].removeprefix("option")
        yield {"sentence": sentence, "option1": option1, "option2": option2, "answer": answer}


def of_piqa(rows: Iterable[Row], labels: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for row, label in zip(rows, labels, strict=True):
        yield {**row, "label": int(label["text"])}
