"""A picture with the table it is drawn from, for a desk and for a phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evaluator.board.publish.svg import Picture

TOP = 20
"""Models in a picture that has a line for each."""
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


def chart_of(
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
