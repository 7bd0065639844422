"""Every metric says what it is, and some test holds it to a reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evaluator.core.records import Metric
from evaluator.metrics import all_metrics

EVERY = pytest.mark.parametrize("metric", all_metrics(), ids=lambda metric: metric.name)
RANGE = re.compile(r"(?:R|r)ange (-?\d+) to (-?\d+)|From (-?\d+) without an upper end")
SOURCE = re.compile(r"\b(19|20)\d\d\b|arXiv|doi|https://|lm-eval|HELM|scikit-learn|sacreBLEU|SQuAD")
UNITS = re.compile(r"\bnats?\b|\bwords?\b|\bbits?\b|\btokens?\b")


@EVERY
def test_its_definition_is_one_sentence_before_all_else(metric: Metric) -> None:
    first = metric.doc.split("\n\n")[0]
    assert len(first) > 20 and first.rstrip("`").endswith(".")


@EVERY
def test_the_range_that_it_tells_is_the_declared_one(metric: Metric) -> None:
    told = RANGE.search(" ".join(metric.doc.split()))
    assert told, metric.doc
    least, most = sorted((metric.best, metric.worst))
    if told[3]:
        assert (float(told[3]), float("inf")) == (least, most)
        assert UNITS.search(metric.doc), f"no unit: {metric.doc}"
    else:
        assert (float(told[1]), float(told[2])) == (least, most)


@EVERY
def test_the_direction_that_it_tells_is_the_declared_one(metric: Metric) -> None:
    better = "higher" if metric.best > metric.worst else "lower"
    assert f"{better} is better" in " ".join(metric.doc.split())


@EVERY
def test_it_names_its_source(metric: Metric) -> None:
    assert SOURCE.search(metric.doc), metric.doc


@EVERY
def test_a_test_of_its_file_holds_it_to_a_reference(metric: Metric) -> None:
    here = Path(__file__)
    files = [*here.parent.glob("test_*.py"), here.parents[1] / "parity/test_parity.py"]
    texts = [path.read_text() for path in files if path != here]
    uses = [re.sub(r"^(from|import) [^(]*?(\([^)]*\))?$", "", t, flags=re.M) for t in texts]
    assert any(re.search(rf"\b{metric.name}\b", text) for text in uses)
