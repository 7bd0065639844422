"""The pictures of a suite, each with the table it is drawn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

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

TOP = 20
"""Models in a picture that has a line for each."""
SHADES = 6
"""Most columns of shades that a phone has room for, with their numbers."""
WIDE, NARROW = (640, 400), (360, 320)
"""Width and height of a picture on a desk and on a phone; lists are as high as they are long."""
LEFT, RIGHT, ABOVE, BELOW = 46, 16, 14, 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture and its numbers."""

    name: str
    """pareto, forest, ..."""
    title: str
    """Two or three words."""
    picture: Picture
    """The picture."""
    narrow: Picture | None = None
    """The same for a phone, its text as large; None if it does not fit."""
    heads: list[str]
    """Heads of the table."""
    rows: list[list[str]]
    """Its rows, first the model."""


def suite_charts(ranked: list[Json], titles: dict[str, str], words: Words) -> list[Chart]:
    """Return the pictures that a suite's ranked rows allow; none without rows."""
    if not ranked:
        return []
    found = [forest_chart(ranked, words), heat_chart(ranked, titles, words)]
    sized = [row for row in ranked if row["parameters"]]
    if len(sized) > 1:
        found.insert(0, _against("pareto", sized, lambda r: float(r["parameters"]), words))
    costed = [row for row in ranked if row["cost"]]
    if len(costed) > 1:
        name = "energy" if all(row["energy"] for row in costed) else "seconds"
        found.append(_against(name, costed, lambda r: float(r["cost"]), words))
    if len({row["measured"] for row in ranked}) > 1:
        found.append(time_chart(ranked, words))
    return found


def _against(name: str, rows: list[Json], x_of: Callable[[Json], float], words: Words) -> Chart:
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
    return _chart(name, title, draw, heads, table)


def _chart(
    name: str,
    title: str,
    draw: Callable[[tuple[int, int]], Picture],
    heads: list[str],
    rows: list[list[str]],
    *,
    fits: bool = True,
) -> Chart:
    """Return a chart, drawn for a desk and, if it fits there, for a phone."""
    narrow = draw(NARROW) if fits else None
    return Chart(name=name, title=title, picture=draw(WIDE), narrow=narrow, heads=heads, rows=rows)


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


def forest_chart(ranked: list[Json], words: Words) -> Chart:
    """Return the first models with their intervals, on bands that are the tie groups."""
    rows = ranked[:TOP]
    low = min(row["low"] for row in rows)
    high = max(row["high"] for row in rows)

    def draw(size: tuple[int, int]) -> Picture:
        height = ABOVE + 24 * len(rows) + BELOW
        picture = Picture(size[0], height, words("charts.about.forest"))
        names, end = _names(picture), picture.width - 34
        x = linear(low, high, names + 8, end)
        for number, row in enumerate(rows):
            if row["tie_number"] % 2:
                band = f"M0 {ABOVE + 24 * number}H{picture.width}v24H0z"
                picture.parts.append(f'<path class="t" d="{band}"/>')
        for tick in ticks(low, high, 5 if size == WIDE else 3):
            picture.path(f"M{num(x(tick))} {ABOVE}V{height - BELOW + 4}", "l")
            picture.text(x(tick), height - BELOW + 18, one(tick, 0), "q", 11, "middle")
        picture.text(end, height - 6, words("charts.index"), "q", 11, "end")
        for number, row in enumerate(rows):
            y = ABOVE + 24 * number + 12
            picture.text(4, y + 4, _short(row["title"], names))
            picture.path(f"M{num(x(row['low']))} {y}H{num(x(row['high']))}", "a", 2)
            picture.path(f"M{num(x(row['index']))} {y}h0", "a", 8, ' stroke-linecap="round"')
            picture.text(picture.width - 6, y + 4, row["tie_group"], "q", 11, "end")
        return picture

    table = [
        [r["title"], one(r["index"]), one(r["low"]), one(r["high"]), r["tie_group"]] for r in rows
    ]
    heads = [words("col.title"), words("col.index"), "2.5 %", "97.5 %", words("col.tie")]
    return _chart("forest", words("charts.forest"), draw, heads, table)


def _names(picture: Picture) -> int:
    """Return the width that the names of a list's rows have."""
    return 190 if picture.width == WIDE[0] else 150


def _short(title: str, wide: int) -> str:
    """Return as much of a title as fits into a width."""
    most = wide // 7
    return title if len(title) <= most else title[: most - 1] + "…"


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
    return _chart("time", words("charts.time"), draw, heads, table)


def heat_chart(ranked: list[Json], titles: dict[str, str], words: Words) -> Chart:
    """Return the skill of the first models on every task, as shades with their numbers."""
    rows = ranked[:TOP]

    def draw(size: tuple[int, int]) -> Picture:
        top = 118
        picture = Picture(size[0], top + 22 * len(rows) + 10, words("charts.about.heat"))
        names = _names(picture)
        wide = min(110.0, (picture.width - names - 56) / len(titles))  # the last title leans out
        for place, title in enumerate(titles.values()):
            x = names + wide * (place + 0.5)
            short = title if len(title) <= 18 else title[:17] + "…"
            turned = f'transform="translate({num(x)} {top - 8}) rotate(-56)"'
            picture.parts.append(f'<text {turned} font-size="11">{_escape(short)}</text>')
        for number, row in enumerate(rows):
            y = top + 22 * number
            picture.text(4, y + 15, _short(row["title"], names))
            for place, task in enumerate(titles):
                skill = row["tasks"][task]["skill"]
                _shade(picture, names + wide * place, y, wide, skill)
        return picture

    table = [[r["title"], *(one(100 * r["tasks"][t]["skill"], 0) for t in titles)] for r in rows]
    heads = [words("col.title"), *titles.values()]
    return _chart("heat", words("charts.heat"), draw, heads, table, fits=len(titles) <= SHADES)


def _shade(picture: Picture, x: float, y: float, wide: float, skill: float) -> None:
    """Paint a cell: the accent for skill above guessing, the second colour below; its number."""
    depth = 0.06 + 0.5 * min(abs(skill), 1.0)
    kind = "f" if skill >= 0 else "w"
    cell = f"M{num(x)} {y}h{num(wide - 2)}v20h{num(2 - wide)}z"
    picture.parts.append(f'<path class="{kind}" opacity="{depth:.2f}" d="{cell}"/>')
    if wide >= 24:
        picture.text(x + (wide - 2) / 2, y + 14, one(100 * skill, 0), size=10, anchor="middle")


def short_count_or(value: float) -> str:
    """Return a value on an axis: as people say counts, or with its digits if it is small."""
    return (
        short_count(round(value))
        if value >= 1000
        else f"{value:g}"
        if value >= 1
        else f"{value:.2g}"
    )


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
