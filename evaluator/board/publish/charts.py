"""The pictures of a suite, each with the table it is drawn from."""

from __future__ import annotations

from evaluator.board.publish.chart import ABOVE, BELOW, TOP, WIDE, Chart, chart_of
from evaluator.board.publish.render import one
from evaluator.board.publish.scatter import against_chart, time_chart
from evaluator.board.publish.svg import Picture, linear, num, ticks
from evaluator.board.publish.words import Words
from evaluator.core.files import Json

SHADES = 6
"""Most columns of shades that a phone has room for, with their numbers."""


def suite_charts(ranked: list[Json], titles: dict[str, str], words: Words) -> list[Chart]:
    """Return the pictures that a suite's ranked rows allow; none without rows."""
    if not ranked:
        return []
    found = [forest_chart(ranked, words), heat_chart(ranked, titles, words)]
    sized = [row for row in ranked if row["parameters"]]
    if len(sized) > 1:
        found.insert(0, against_chart("pareto", sized, lambda r: float(r["parameters"]), words))
    costed = [row for row in ranked if row["cost"]]
    if len(costed) > 1:
        name = "energy" if all(row["energy"] for row in costed) else "seconds"
        found.append(against_chart(name, costed, lambda r: float(r["cost"]), words))
    if len({row["measured"] for row in ranked}) > 1:
        found.append(time_chart(ranked, words))
    return found


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
    return chart_of("forest", words("charts.forest"), draw, heads, table)


def _names(picture: Picture) -> int:
    """Return the width that the names of a list's rows have."""
    return 190 if picture.width == WIDE[0] else 150


def _short(title: str, wide: int) -> str:
    """Return as much of a title as fits into a width."""
    most = wide // 7
    return title if len(title) <= most else title[: most - 1] + "…"


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
    return chart_of("heat", words("charts.heat"), draw, heads, table, fits=len(titles) <= SHADES)


def _shade(picture: Picture, x: float, y: float, wide: float, skill: float) -> None:
    """Paint a cell: the accent for skill above guessing, the second colour below; its number."""
    depth = 0.06 + 0.5 * min(abs(skill), 1.0)
    kind = "f" if skill >= 0 else "w"
    cell = f"M{num(x)} {y}h{num(wide - 2)}v20h{num(2 - wide)}z"
    picture.parts.append(f'<path class="{kind}" opacity="{depth:.2f}" d="{cell}"/>')
    if wide >= 24:
        picture.text(x + (wide - 2) / 2, y + 14, one(100 * skill, 0), size=10, anchor="middle")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
