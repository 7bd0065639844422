"""Both ways between metrics here and the library `evaluate`: its users know one interface for all.

    from evaluator.metrics.for_evaluate import Chrf
    Chrf().compute(predictions=["a cat sat"], references=[["the cat sat", "a cat sat down"]])

The classes are instantiated directly and download nothing. The other way, a board's own package
registers a metric under the entry point group `evaluator.metrics`, and board.yaml can name it:

    [project.entry-points."evaluator.metrics"]
    politeness = "our_board.metrics:Politeness"     # a class of evaluate.Metric

Importing this file takes seconds, because `evaluate` does: nothing else here imports it at the top.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import datasets
import evaluate
import numpy as np

from evaluator.core.errors import ScoreError
from evaluator.core.files import sha256
from evaluator.core.records import Example, Items, Metric, Response, Score
from evaluator.metrics.corpus import bleu, chrf, ter
from evaluator.metrics.generation import rouge_1, rouge_2, rouge_l, token_f1

GROUPS = 50
"""Parts that a foreign metric is computed without, one at a time, for its standard error."""


class TextMetric(evaluate.Metric):  # type: ignore[misc]
    """A metric of texts and their references, as `evaluate` knows metrics."""

    metric: ClassVar[Metric]
    """What is computed."""

    def __init__(self, **options: Any) -> None:
        """Keep everything in memory; options are those of `evaluate.Metric`."""
        super().__init__(keep_in_memory=True, **options)

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=self.metric.doc,
            citation="",
            inputs_description="predictions: texts; references: a list of texts for each",
            features=datasets.Features(
                {"predictions": text, "references": datasets.Sequence(text)}
            ),
        )

    def _compute(self, predictions: list[str], references: list[list[str]]) -> dict[str, float]:
        score = self.metric.compute(items_of(predictions, references))
        return {self.metric.name: score.value}


class Bleu(TextMetric):
    """`bleu` of evaluator/metrics/corpus.py."""

    metric = bleu


class Chrf(TextMetric):
    """`chrf` of evaluator/metrics/corpus.py."""

    metric = chrf


class Ter(TextMetric):
    """`ter` of evaluator/metrics/corpus.py."""

    metric = ter


class Rouge1(TextMetric):
    """`rouge_1` of evaluator/metrics/generation.py."""

    metric = rouge_1


class Rouge2(TextMetric):
    """`rouge_2` of evaluator/metrics/generation.py."""

    metric = rouge_2


class RougeL(TextMetric):
    """`rouge_l` of evaluator/metrics/generation.py."""

    metric = rouge_l


class TokenF1(TextMetric):
    """`token_f1` of evaluator/metrics/generation.py."""

    metric = token_f1


def items_of(predictions: list[str], references: list[list[str]]) -> Items:
    """Return texts and references as the items that a metric reads."""
    examples = tuple(
        Example(id=str(i), question="", target="", answers=tuple(wanted))
        for i, wanted in enumerate(references)
    )
    responses = tuple(
        (
            Response(item=str(i), index=0, logprob=0.0, greedy=True, text=text, finish="stop",
                     tokens=0, dropped=0),
        )
        for i, text in enumerate(predictions)
    )  # fmt: skip
    columns = {"correct": np.zeros(len(predictions))}
    return Items(columns=columns, labels=(), clusters=(), examples=examples, responses=responses)


def from_evaluate(name: str, kind: type[evaluate.Metric]) -> Metric:
    """Return a class of `evaluate.Metric` as a metric of generation tasks.

    Its `compute(predictions=, references=)` must give a number under `name`, or one number alone.
    The class may say `best` and `worst` (1 and 0 by default). Standard errors are those of a
    jackknife over 50 parts of the items, drawn by a hash of their ids and left out in turn (Efron
    and Stein 1981, doi 10.1214/aos/1176345462).
    """

    def compute(items: Items) -> Score:
        said = [run[0].text.strip() for run in items.responses]
        wanted = [list(example.answers) for example in items.examples]
        order = sorted(range(items.n), key=lambda i: sha256(items.examples[i].id.encode()))
        return _without_parts(name, kind(keep_in_memory=True), said, wanted, order)

    return Metric(
        name=name,
        compute=compute,
        baseline=lambda examples: 0.0,
        best=float(getattr(kind, "best", 1.0)),
        worst=float(getattr(kind, "worst", 0.0)),
        tier="responses",
        reads="text",
        doc=(kind.__doc__ or "").strip() or f"`{name}` of a package of this board.",
    )


def _without_parts(
    name: str,
    metric: evaluate.Metric,
    said: list[str],
    wanted: list[list[str]],
    order: list[int],
) -> Score:
    n = len(said)
    parts = min(n, GROUPS)
    part_of = np.empty(n, dtype=int)
    part_of[order] = np.arange(n) % parts
    value = _number(name, metric.compute(predictions=said, references=wanted))
    influence = np.zeros(n)
    if parts > 1:
        without = [
            _number(name, metric.compute(
                predictions=[text for i, text in enumerate(said) if part_of[i] != part],
                references=[texts for i, texts in enumerate(wanted) if part_of[i] != part],
            ))
            for part in range(parts)
        ]  # fmt: skip
        pull = math.sqrt(n * (parts - 1)) * (np.mean(without) - np.array(without))
        influence = pull[part_of]
        influence = influence - influence.mean()
    return Score(value=value, influence=influence, proportion=False)


def _number(name: str, found: dict[str, Any] | None) -> float:
    """Return the number that a metric gave.

    Raises:
        ScoreError: it gave none, or several and none under its name.
    """
    numbers = {k: float(v) for k, v in (found or {}).items() if isinstance(v, int | float)}
    if name in numbers or len(numbers) == 1:
        return numbers.get(name, next(iter(numbers.values())))
    raise ScoreError(f"{name}: `compute` must give a number under {name!r}, or one number alone")
