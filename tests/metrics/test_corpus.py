"""BLEU, chrF and TER are the numbers that sacreBLEU gives, over 100."""

from __future__ import annotations

import numpy as np
import pytest
from made import example, response
from sacrebleu.metrics import BLEU, CHRF, TER

from evaluator.core.records import Items, Metric
from evaluator.metrics.corpus import bleu, chrf, ter

ENGLISH = [
    ("The cat sat on the mat.", ("The cat is on the mat.", "There is a cat on the mat.")),
    ('He said: "It\'s 3.5% more".', ('He said, "It\'s 3.5 % more."', "It is more, he said.")),
    ("", ("Nothing was written here.", "Nothing.")),
    ("a completely different line of words", ("Nobody expected this.", "No one did.")),
]
CHINESE = [("我今天去北京。", ("我今天要去北京。",)), ("他很高兴", ("他非常高兴。",))]


def items_of(pairs: list[tuple[str, tuple[str, ...]]]) -> Items:
    return Items(
        columns={"correct": np.zeros(len(pairs))},
        labels=(),
        clusters=(),
        examples=tuple(example(str(i), answers=golds) for i, (_, golds) in enumerate(pairs)),
        responses=tuple((response(str(i), text=text),) for i, (text, _) in enumerate(pairs)),
    )


@pytest.mark.parametrize(
    ("metric", "reference", "pairs"),
    [
        (chrf, CHRF(), ENGLISH),
        (chrf, CHRF(), CHINESE),
        (bleu, BLEU(), ENGLISH),
        (bleu, BLEU(tokenize="zh"), CHINESE),
        (ter, TER(asian_support=True), ENGLISH),
        (ter, TER(asian_support=True), CHINESE),
    ],
)
def test_the_number_is_sacrebleus(metric: Metric, reference: object, pairs: list) -> None:
    texts = [text for text, _ in pairs]
    streams = [[golds[i] for _, golds in pairs] for i in range(len(pairs[0][1]))]
    wanted = reference.corpus_score(texts, streams).score / 100
    found = metric.compute(items_of(pairs))
    assert found.value == pytest.approx(wanted, abs=1e-12)
    assert found.influence.mean() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("metric", [chrf, bleu, ter])
def test_a_perfect_text_gets_the_best(metric: Metric) -> None:
    same = [(golds[0], golds[:1]) for _, golds in ENGLISH + CHINESE]
    assert metric.compute(items_of(same)).value == pytest.approx(metric.best, abs=1e-12)


def test_the_influence_gives_the_error_of_a_bootstrap() -> None:
    rng = np.random.default_rng(1)
    pairs = [ENGLISH[i] for i in rng.integers(len(ENGLISH), size=200)]
    score = chrf.compute(items_of(pairs))
    drawn = [
        chrf.compute(items_of([pairs[i] for i in rng.integers(200, size=200)])).value
        for _ in range(60)
    ]
    error = score.influence.std(ddof=1) / np.sqrt(200)
    assert error == pytest.approx(np.std(drawn), rel=0.35)
