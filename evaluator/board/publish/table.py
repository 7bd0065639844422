"""The table of a suite by columns: what the page's script filters and sorts.

Numbers are whole: tenths of what is shown. That is all the page shows, and a third of the bytes.
The exact values stand in the other downloads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluator.core.files import Json

FACETS = ("kind", "dtype", "licence", "trust")
"""Facts of a row with few values, offered as filters."""
OPEN_LICENCES = {
    "0bsd", "apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "isc", "mit",
    "mit-0", "unlicense", "zlib",
}  # fmt: skip
"""Licences that put no condition on use but naming the source; SPDX, in lower case."""
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2, "int8": 1, "int4": 0.5}
"""Number format -> bytes a parameter."""


def table_data(
    rows: list[Json], areas: list[str], beside: Mapping[str, Sequence[float | None]]
) -> Json:
    """Return the rows of a suite by columns, in their order; 0 stands for no rank.

    Args:
        rows: of the suite.
        areas: its areas.
        beside: column beside the scores -> its shares, one a row.
    """
    told = {kind: [tenths(v and 100 * v) for v in column] for kind, column in beside.items()}
    return {
        "slug": [row["slug"] for row in rows],
        "title": [row["title"] for row in rows],
        "words": {
            fact: coded([row[fact] for row in rows])
            for fact in ("organisation", "measured", *FACETS)
        },
        "parameters": [row["parameters"] for row in rows],
        "open": [int(row["open"]) for row in rows],
        "reproduced": [int(row["reproduced"]) for row in rows],
        "bytes": BYTES,
        "rank": [[row["best_rank"] or 0 for row in rows], [row["worst_rank"] or 0 for row in rows]],
        "tie": coded([row["tie_group"] or "" for row in rows]),
        "index": [tenths(row["index"]) for row in rows],
        "low": [tenths(row["low"]) for row in rows],
        "high": [tenths(row["high"]) for row in rows],
        "areas": {area: [tenths(row["areas"].get(area)) for row in rows] for area in areas},
        **({"beside": told} if told else {}),
    }


def scores_data(rows: list[Json], tasks: list[str]) -> Json:
    """Return task -> its scores in tenths of a percent in the order of the rows, None for a gap."""
    found = {}
    for task in tasks:
        values = [row["tasks"][task]["value"] for row in rows]
        found[task] = [None if value is None else tenths(100 * value) for value in values]
    return found


def coded(values: list[str]) -> Json:
    """Return text of which much repeats: [every value once, sorted; the place of each row's]."""
    known = sorted(set(values))
    places = {value: place for place, value in enumerate(known)}
    return [known, [places[value] for value in values]]


def tenths(value: float | None) -> int | None:
    """Return a number times ten, whole."""
    return None if value is None else round(10 * value)


def is_open(licence: str) -> bool:
    """Tell whether a licence puts no condition on use."""
    return licence.lower() in OPEN_LICENCES
