"""Pictures of the index against what a model costs or when it came, with what nothing beats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from evaluator.board.publish.chart import ABOVE, BELOW, LEFT, RIGHT, TOP, WIDE, Chart, chart_of
from evaluator.board.publish.render import one, short_count
from evaluator.board.publish.svg import (
    Picture,
    dots,
    linear,
    logarithmic,
    num,
    powers,
    steps,
    ticks,
)
from evaluator.board.publish.words import Words
from evaluator.core.files import Json


def against_chart(
    name: str, rows: list[Json], x_of: Callable[[Json], float], words: Words
) -> Chart:
    """Return index against something that costs, with the line of models that nothing beats."""
    best = frontier(rows, x_of)

    def draw(size: tuple[int, int]) -> Picture:
        picture = Picture(*size, words(f"charts.about.{name}"))
        values = [x_of(row) for row in rows]
        low, high = min(values) / 1.3, max(values) * 1.3
        end, foot = picture.width - RIGHT, picture.height - BELOW
        x = logarithmic(low, high, LEFT, end)
        y = _index_axis(picture, rows, words)
        for tick in powers(low, high):
            picture.path(f"M{num(x(tick))} {ABOVE}V{foot}", "l")
            picture.text(x(tick), foot + 16, short_count_or(tick), "q", 11, "middle")
        picture.text(end, picture.height - 6, words(f"charts.{name}.axis"), "q", 11, "end")
        whiskers = "".join(
            f"M{num(x(x_of(r)))} {num(y(r['low']))}V{num(y(r['high']))}" for r in best[:60]
        )
        places = [(x(x_of(r)), y(r["index"])) for r in best]
        picture.path(dots([(x(x_of(r)), y(r["index"])) for r in rows]), "p", 6, ' opacity=".55"')
        picture.path(steps(places, end), "a", 1.5)
        picture.path(whiskers, "a", 1.2)
        picture.path(dots(places), "a", 8, ' stroke-linecap="round"')
        _label(picture, [(*at, r["title"]) for at, r in zip(places, best, strict=True)][::-1])
        return picture

    on_line = {row["slug"] for row in best}
    table = [
        [r["title"], short_count_or(x_of(r)), one(r["index"]), "✓" if r["slug"] in on_line else ""]
        for r in rows[: 5 * TOP]
    ]
    heads = [
        words("col.title"),
        words(f"charts.{name}.axis"),
        words("col.index"),
        words("charts.front"),
    ]
    title = words(f"charts.{name}")
    return chart_of(name, title, draw, heads, table)


def time_chart(ranked: list[Json], words: Words) -> Chart:
    """Return index against the day a model was measured, with the best so far."""
    rows = sorted(ranked, key=lambda r: (r["measured"], -r["index"], r["slug"]))
    day_of = {row["slug"]: date.fromisoformat(row["measured"]).toordinal() for row in rows}
    first, last = min(day_of.values()), max(day_of.values())
    best = frontier(rows, lambda r: float(day_of[r["slug"]]))

    def draw(size: tuple[int, int]) -> Picture:
        picture = Picture(*size, words("charts.about.time"))
        end, foot = picture.width - RIGHT, picture.height - BELOW
        x = linear(first, last, LEFT + 10, end - 10)
        y = _index_axis(picture, rows, words)
        for day in ticks(first, last, 4 if size == WIDE else 2):
            picture.path(f"M{num(x(day))} {ABOVE}V{foot}", "l")
            said = date.fromordinal(round(day)).isoformat()
            picture.text(x(day), foot + 16, said, "q", 11, "middle")
        places = [(x(day_of[r["slug"]]), y(r["index"])) for r in best]
        picture.path(dots([(x(day_of[r["slug"]]), y(r["index"])) for r in rows]), "p", 6)
        picture.path(steps(places, end), "a")
        _label(picture, [(*at, r["title"]) for at, r in zip(places, best, strict=True)][::-1])
        return picture

    table = [[r["title"], r["measured"], one(r["index"])] for r in rows[: 5 * TOP]]
    heads = [words("col.title"), words("col.day"), words("col.index")]
    return chart_of("time", words("charts.time"), draw, heads, table)


def frontier(rows: list[Json], x_of: Callable[[Json], float]) -> list[Json]:
    """Return the rows that no row with the same or a smaller x beats, by x."""
    found: list[Json] = []
    for row in sorted(rows, key=lambda r: (x_of(r), -r["index"], r["slug"])):
        if not found or row["index"] > found[-1]["index"]:
            found.append(row)
    return found


def _index_axis(picture: Picture, rows: list[Json], words: Words) -> Callable[[float], float]:
    low = min(0.0, *(row["low"] for row in rows))
    high = max(row["high"] for row in rows)
    y = linear(low, high, picture.height - BELOW - 4, ABOVE + 8)
    for tick in ticks(low, high):
        picture.path(f"M{LEFT} {num(y(tick))}H{picture.width - RIGHT}", "l")
        picture.text(LEFT - 6, y(tick) + 4, one(tick, 0), "q", 11, "end")
    picture.text(2, ABOVE - 2, words("charts.index"), "q", 11)
    return y


def _label(picture: Picture, places: Sequence[tuple[float, float, str]]) -> None:
    """Write names beside dots, the first ones first, where none covers another."""
    taken: list[tuple[float, float, float]] = []
    for x, y, name in places:
        short = name if len(name) <= 28 else name[:27] + "…"
        wide = 6.4 * len(short)
        start = x - 8 - wide if x + 8 + wide > picture.width - RIGHT else x + 8
        top = y - 7
        if start < LEFT or any(
            abs(top - other) < 14 and start < b and start + wide > a for a, b, other in taken
        ):
            continue
        taken.append((start, start + wide, top))
        picture.text(start, top, short, size=11)


def short_count_or(value: float) -> str:
    """Return a value on an axis: as people say counts, or with its digits if it is small."""
    return (
        short_count(round(value))
        if value >= 1000
        else f"{value:g}"
        if value >= 1
        else f"{value:.2g}"
    )
