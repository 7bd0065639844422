"""Pictures as SVG: scales, axes, marks. Colours are classes, so light and dark come from the page.

Many dots are one path of strokes without length (`M x y h0` with round caps): five thousand models
cost one element.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

from evaluator.board.publish.colours import OURS, Accents

STYLE = """<style>
svg{--b-ink:#14232b;--b-accent:#0b5d66;--b-second:#9a4a12;--b-line:#dde3e6;--b-quiet:#56626b;--b-tint:#f2f6f6;font-family:system-ui,sans-serif}
@media(prefers-color-scheme:dark){svg{--b-ink:#e6edf0;--b-accent:#79d3d8;--b-second:#f0a873;--b-line:#2c3a42;--b-quiet:#a5b3bc;--b-tint:#182329}}
text{fill:var(--b-ink)}.q{fill:var(--b-quiet)}.l{stroke:var(--b-line);fill:none}.a{stroke:var(--b-accent);fill:none}.f{fill:var(--b-accent)}
.s{stroke:var(--b-second);fill:none}.w{fill:var(--b-second)}.t{fill:var(--b-tint)}.p{stroke:var(--b-quiet);fill:none;stroke-linecap:round}
</style>"""
"""The same colours as site/assets/board.css, for a picture that stands alone in a file."""

Scale = Callable[[float], float]


@dataclass(slots=True)
class Picture:
    """A picture that is being drawn."""

    width: int
    """In units of its own; it is shown at any size."""
    height: int
    """In the same units."""
    about: str
    """What it shows, in a sentence, for those who do not see it."""
    parts: list[str] = field(default_factory=list)
    """Elements in the order they are painted."""

    def path(self, shape: str, kind: str, width: float = 1, more: str = "") -> None:
        """Draw a line, or dots, in one of the colours."""
        self.parts.append(f'<path class="{kind}" stroke-width="{width:g}"{more} d="{shape}"/>')

    def text(
        self, x: float, y: float, said: str, kind: str = "", size: int = 12, anchor: str = "start"
    ) -> None:
        """Write a text whose base line is at y."""
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        named = f' class="{kind}"' if kind else ""
        where = f'x="{num(x)}" y="{num(y)}" font-size="{size}"'
        self.parts.append(f"<text {where}{place}{named}>{escape(said)}</text>")

    def link(self, address: str, inner: str) -> None:
        """Add an element that leads somewhere."""
        self.parts.append(f'<a href="{escape(address)}">{inner}</a>')

    def svg(self, *, alone: bool, accents: Accents = OURS) -> str:
        """Return the picture: for a file of its own, or to stand in a page."""
        space = ' xmlns="http://www.w3.org/2000/svg"' if alone else ' class="b-chart"'
        size = f'viewBox="0 0 {self.width} {self.height}"'
        fixed = f' width="{self.width}" height="{self.height}"' if alone else ""
        style = STYLE.replace(OURS.light, accents.light).replace(OURS.dark, accents.dark)
        body = f"{style if alone else ''}{''.join(self.parts)}"
        name = escape(self.about)
        return f'<svg{space} {size}{fixed} role="img" aria-label="{name}">{body}</svg>'


def num(value: float) -> str:
    """Return a coordinate with one digit, in the fewest signs."""
    return f"{value:.1f}".removesuffix(".0").replace("-0", "0") if value == 0 else f"{value:.1f}"


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """Return the scale that puts low at start and high at end."""
    span = (high - low) or 1.0
    return lambda value: start + (end - start) * (value - low) / span


def logarithmic(low: float, high: float, start: float, end: float) -> Scale:
    """Return the scale that gives every tenfold the same width."""
    scale = linear(math.log10(low), math.log10(high), start, end)
    return lambda value: scale(math.log10(value))


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round values between two ends: steps of 1, 2 or 5 times a power of ten."""
    span = (high - low) or 1.0
    power = 10 ** math.floor(math.log10(span / about))
    step = next(power * unit for unit in (1, 2, 5, 10) if span / (power * unit) <= about)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(step * i, 9) for i in range(first, last + 1)]


def powers(low: float, high: float) -> list[float]:
    """Return 1, 2 or 5 times powers of ten between two ends, few enough to be told apart."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    units = (1,) if len(decades) > 3 else (1, 3) if len(decades) > 2 else (1, 2, 5)
    return [u * 10.0**d for d in decades for u in units if low <= u * 10.0**d <= high]


def dots(places: Sequence[tuple[float, float]]) -> str:
    """Return the path of many dots."""
    return "".join(f"M{num(x)} {num(y)}h0" for x, y in places)


def steps(places: Sequence[tuple[float, float]], end: float) -> str:
    """Return the path of a stair through places, on to `end`."""
    if not places:
        return ""
    path = f"M{num(places[0][0])} {num(places[0][1])}"
    path += "".join(f"H{num(x)}V{num(y)}" for x, y in places[1:])
    return f"{path}H{num(end)}"
