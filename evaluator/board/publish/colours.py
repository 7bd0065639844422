"""A board's own colour, made readable on the paper of both schemes."""

from __future__ import annotations

from dataclasses import dataclass

PAPERS = {"default": "#ffffff", "slate": "#10191e"}
"""Scheme -> its background, as in site/assets/board.css."""
READABLE = 5.0
"""Least contrast of links on the paper; WCAG 2.2 AA asks for 4.5, and tinted rows take some."""
STEP = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Accents:
    """The accent of both schemes, as #rrggbb."""

    light: str
    """On white."""
    dark: str
    """On the dark paper."""


OURS = Accents(light="#0b5d66", dark="#79d3d8")
"""The accents of site/assets/board.css."""


def accents(colour: str) -> Accents:
    """Return the shades nearest to a colour (#rrggbb, '' for ours) that can be read."""
    if not colour:
        return OURS
    return Accents(
        light=_readable(colour, PAPERS["default"], "#000000"),
        dark=_readable(colour, PAPERS["slate"], "#ffffff"),
    )


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _readable(colour: str, paper: str, end: str) -> str:
    """Move a colour towards black or white until it stands out from the paper."""
    for step in range(round(1 / STEP) + 1):
        shade = _mix(colour, end, step * STEP)
        if contrast(shade, paper) >= READABLE:
            return shade
    return end


def _mix(colour: str, end: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(end), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
