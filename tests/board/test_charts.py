"""The pictures of a suite: each fits on a desk, and on a phone if it is there."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT

from evaluator.board.publish.chart import WIDE
from evaluator.board.publish.charts import SHADES, suite_charts
from evaluator.board.publish.words import read_words
from evaluator.core.files import Json

WORDS = read_words(ROOT / "site/words", "en")


def ranked(models: int, tasks: int) -> list[Json]:
    """Return invented rows of a suite, best first; what they cost grows with what they reach."""
    return [
        {
            "slug": f"org--{n}",
            "title": f"A model with a name that is rather long, {n}",
            "index": 90.0 - 3 * n,
            "low": 88.0 - 3 * n,
            "high": 92.0 - 3 * n,
            "tie_group": chr(65 + n),
            "tie_number": n,
            "parameters": 10 ** (11 - n // 3),
            "cost": 5000.0 - 100 * n,
            "energy": False,
            "measured": f"2026-{11 - n % 6:02}-01",
            "tasks": {f"t{t}": {"skill": (t - n) / 10} for t in range(tasks)},
        }
        for n in range(models)
    ]


@pytest.mark.parametrize(("models", "tasks"), [(2, 1), (12, SHADES), (12, 17)])
def test_nothing_is_written_outside_a_picture(models, tasks):
    titles = {f"t{t}": f"Task with a long title {t}" for t in range(tasks)}
    charts = {chart.name: chart for chart in suite_charts(ranked(models, tasks), titles, WORDS)}
    assert set(charts) == {"pareto", "forest", "heat", "seconds", "time"}
    for chart in charts.values():
        for picture in filter(None, (chart.picture, chart.narrow)):
            texts = re.findall(
                r'<text x="([-0-9.]+)" y="([-0-9.]+)" font-size="(\d+)"([^>]*)>([^<]*)<',
                picture.svg(alone=False),
            )
            assert len(texts) > models / 2
            for x, y, size, more, said in texts:
                wide = 0.58 * int(size) * len(said)
                start = float(x) - (wide if "end" in more else wide / 2 if "middle" in more else 0)
                assert -8 <= start <= start + wide <= picture.width + 8, (chart.name, said)
                assert 0 < float(y) <= picture.height, (chart.name, said)


def test_a_phone_has_every_picture_but_shades_that_are_too_many():
    for tasks in (SHADES, SHADES + 1):
        titles = {f"t{t}": f"Task {t}" for t in range(tasks)}
        charts = {chart.name: chart for chart in suite_charts(ranked(3, tasks), titles, WORDS)}
        narrow = {name: chart.narrow for name, chart in charts.items()}
        assert (narrow.pop("heat") is None) == (tasks > SHADES)
        assert all(picture.width < WIDE[0] for picture in narrow.values())
