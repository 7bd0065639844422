"""Pictures of one model: its badge, and the preview that a link to its page becomes."""

from __future__ import annotations

from html import escape

from evaluator.board.publish.colours import accents
from evaluator.board.publish.model import ranks
from evaluator.board.publish.previews import EDGE, Preview, latin, placed, scale_of
from evaluator.board.publish.render import short_count
from evaluator.board.publish.site import Site, once
from evaluator.board.publish.values import address_of
from evaluator.core.files import Json

DRAWN = 100
"""Models with a preview of their own: the first of the home suite."""
LETTER = 6.6
"""Width of a letter of a badge, in pixels."""


def pictures_of(site: Site, model: str) -> dict[str, bytes]:
    """Return path -> bytes of what a model has: a badge if it is ranked, and perhaps a preview."""
    board = site.tree.board
    row = site.places[model].get(board.home)
    if not row or not row["best_rank"]:
        return {}
    found = {f"badges/{row['slug']}.svg": rank_badge(site, row).encode()}
    if address_of(board) and row["slug"] in first_models(site):
        picture = draw_model(site, row).png(accents(board.colour))
        found[f"previews/models/{row['slug']}.png"] = picture
    return found


@once
def first_models(site: Site) -> set[str]:
    """Return the slugs of the models that have a preview of their own."""
    rows = site.rows[site.tree.board.home][:DRAWN]
    return {row["slug"] for row in rows if row["best_rank"]}


def preview_of_model(site: Site, slug: str) -> str:
    """Return the path of the preview of a model's page: its own, or that of the home suite."""
    if slug in first_models(site):
        return f"previews/models/{slug}.png"
    return f"previews/suites/{site.tree.board.home}.png"


def draw_model(site: Site, row: Json) -> Preview:
    """Draw the place of a model among its neighbours on the home suite."""
    board = site.tree.board
    rows, suite = site.rows[board.home], board.suites[board.home].title
    size = f"{short_count(row['parameters'])} parameters" if row["parameters"] else ""
    told = ", ".join(filter(None, map(latin, (row["organisation"], row["licence"], size))))
    preview = Preview(latin(board.title), latin(row["title"], row["model"]), told)
    preview.fact(EDGE, 256, latin(suite, "Rank"), f"Rank {latin(ranks(row))}", 330)
    preview.fact(EDGE + 352, 256, "Tie group", row["tie_group"], 330)
    interval = f"{row['low']:.1f} to {row['high']:.1f}"
    preview.fact(EDGE + 704, 256, f"Index ({interval})", f"{row['index']:.1f}", 330)
    at = next(i for i, other in enumerate(rows) if other["slug"] == row["slug"])
    around = [other for other in rows[max(0, at - 2) : at + 4] if other["best_rank"]]
    scale = scale_of(around)
    for number, other in enumerate(around[:5]):
        ends = (other["index"], other["low"], other["high"])
        name = ("> " if other is row else "") + latin(other["title"], other["model"])
        preview.row(384 + 44 * number, name, f"{other['index']:.1f}", placed(ends, scale))
    return preview


def rank_badge(site: Site, row: Json) -> str:
    """Return the badge of a model, as SVG, from its row of the home suite."""
    suite = site.tree.board.suites[site.tree.board.home]
    return badge(suite.title, f"rank {ranks(row)} · tie {row['tie_group']}")


def badge(left: str, right: str) -> str:
    """Return two words side by side as a small picture."""
    a, b = (round(LETTER * len(text)) + 14 for text in (left, right))
    name = escape(f"{left}: {right}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{a + b}" height="20" role="img" '
        f'aria-label="{name}"><title>{name}</title>'
        f'<path fill="#14232b" d="M3 0h{a - 3}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z"/>'
        f'<path fill="#0b5d66" d="M{a} 0h{b - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H{a}z"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" '
        'text-anchor="middle">'
        f'<text x="{a / 2:g}" y="14">{escape(left)}</text>'
        f'<text x="{a + b / 2:g}" y="14">{escape(right)}</text></g></svg>\n'
    )
