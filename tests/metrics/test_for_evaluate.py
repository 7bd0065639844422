"""Metrics as classes of `evaluate.Metric`, and classes of others as metrics here."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import evaluate
import numpy as np
import pytest
import sacrebleu

import evaluator.metrics
from evaluator.core.errors import ScoreError
from evaluator.core.stats import standard_error
from evaluator.metrics import metric_named, metrics_of_kind, registered
from evaluator.metrics.for_evaluate import (
    Bleu,
    Chrf,
    Rouge1,
    Rouge2,
    RougeL,
    Ter,
    TextMetric,
    TokenF1,
    from_evaluate,
    items_of,
)

SAID = ["the cat sat on the mat today", "a dog ran over there", "it rained all day long"]
WANTED = [["the cat sat on a mat", "a cat sat there today"], ["a dog ran there"], ["it rained"]]


@pytest.mark.parametrize("kind", [Bleu, Chrf, Ter, Rouge1, Rouge2, RougeL, TokenF1])
def test_a_class_gives_what_its_metric_gives(kind: type[TextMetric]) -> None:
    found = kind().compute(predictions=SAID, references=WANTED)
    name = kind.metric.name
    assert found == {name: pytest.approx(kind.metric.compute(items_of(SAID, WANTED)).value)}


def test_batches_add_up_as_users_of_evaluate_expect() -> None:
    metric = Chrf()
    for text, texts in zip(SAID, WANTED, strict=True):
        metric.add(prediction=text, reference=texts)
    known = Chrf().compute(predictions=SAID, references=WANTED)
    assert metric.compute() == known
    one = sacrebleu.corpus_chrf([SAID[1]], [[WANTED[1][0]]]).score / 100
    assert Chrf().compute(predictions=[SAID[1]], references=[WANTED[1]])["chrf"] == pytest.approx(
        one
    )


class Shout(evaluate.Metric):
    """Share of capitals in the texts."""

    def _info(self) -> evaluate.MetricInfo:
        return Chrf()._info()

    def _compute(self, predictions: list[str], references: list[list[str]]) -> dict[str, float]:
        text = "".join(predictions)
        return {"shout": sum(map(str.isupper, text)) / len(text), "letters": float(len(text))}


def test_a_foreign_class_has_a_standard_error_close_to_that_of_a_mean() -> None:
    rng = np.random.default_rng(1)
    said = ["".join(rng.choice(list("aB"), 20)) for _ in range(400)]
    score = from_evaluate("shout", Shout).compute(items_of(said, [["x"]] * 400))
    shares = np.array([sum(map(str.isupper, text)) / 20 for text in said])
    assert score.value == pytest.approx(shares.mean())
    known = shares.std(ddof=1) / 20
    assert standard_error(score.influence, ()) == pytest.approx(known, rel=0.3)


def test_a_class_that_gives_no_number_under_its_name_is_refused() -> None:
    with pytest.raises(ScoreError, match="number under 'other'"):
        from_evaluate("other", Shout).compute(items_of(SAID, WANTED))


def test_a_board_names_what_an_installed_package_registers(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("shout", f"{__name__}:Shout", "evaluator.metrics")
    monkeypatch.setattr(EntryPoint, "load", lambda self: Shout)
    monkeypatch.setattr(evaluator.metrics, "entry_points", lambda group: [point])
    registered.cache_clear()
    metric_named.cache_clear()
    try:
        assert "shout" in metrics_of_kind("generation")
        assert "shout" not in metrics_of_kind("choice")
        assert metric_named("shout").doc == "Share of capitals in the texts."
    finally:
        registered.cache_clear()
        metric_named.cache_clear()
