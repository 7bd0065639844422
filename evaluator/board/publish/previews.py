"""Previews: the pictures that a link to the site becomes where people share it.

Crawlers read PNG and absolute addresses alone, so a board whose address nobody knows has none.
A picture is drawn in shades of one number, and the shades become the board's colours in the palette
of the file: a few thousand bytes, the same ones each time. Its font is the one that comes with
Pillow; it has Latin letters alone, so previews speak English, and a name that it lacks letters for
gives way to the id.

Every suite, every task and the first models of the home suite have a preview of their own; other
pages show that of the home suite, so that a board of thousands spends no minute on pictures.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from evaluator.board.publish.colours import Accents, accents
from evaluator.board.publish.site import Site
from evaluator.board.publish.values import address_of
from evaluator.core.files import Json
from evaluator.tasks import load_task, locked_request_set, task_names

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

SIZE = (1200, 630)
EDGE = 72
"""Pixels that stay free on both sides."""
SHADES = 16
"""Different numbers in a file: four bits a pixel."""
INK, ACCENT, QUIET, LINE, PAPER = 0, 85, 119, 221, 255
"""What is drawn with; see `palette`."""
HOLD = {INK: (20, 35, 43), QUIET: (86, 98, 107), LINE: (221, 227, 230), PAPER: (255, 255, 255)}
"""Number -> red, green and blue, as in site/assets/board.css; the accent is the board's own."""
LINES = 8
"""Most rows of a picture."""


def previews(site: Site) -> Iterator[tuple[str, bytes]]:
    """Yield (path, PNG) of every suite and task; none for a board whose address is not known."""
    board = site.tree.board
    if not address_of(board):
        return
    colours = accents(board.colour)
    for name in site.rankings:
        yield f"previews/suites/{name}.png", draw_suite(site, name).png(colours)
    for name in task_names():
        yield f"previews/tasks/{name}.png", draw_task(site, name).png(colours)


def preview_of(site: Site, source: str) -> str:
    """Return the path of the preview of a page, from the page's source; '' where there are none.

    The pages of models are copies of one shell: `preview_of_model` says theirs.
    """
    board = site.tree.board
    if not address_of(board):
        return ""
    room, _, rest = source.partition("/")
    name = rest.split("/")[0]
    if room == "suites" and name in board.suites:
        return f"previews/suites/{name}.png"
    if room == "tasks" and name in task_names():
        return f"previews/tasks/{name}.png"
    return f"previews/suites/{board.home}.png"


class Preview:
    """One picture that is being drawn, from top to bottom."""

    def __init__(self, board: str, title: str, lead: str) -> None:
        """Draw the frame and the words above the numbers."""
        import PIL.Image  # only where a preview is drawn
        import PIL.ImageDraw

        self.image: Image = PIL.Image.new("L", SIZE, PAPER)
        self.on: ImageDraw = PIL.ImageDraw.Draw(self.image)
        self.on.rectangle((0, 0, 18, SIZE[1]), fill=ACCENT)
        self.text(EDGE, 44, board, 28, QUIET)
        self.text(EDGE, 88, title, 68, INK)
        self.text(EDGE, 176, lead, 28, QUIET)
        self.on.line((EDGE, 226, SIZE[0] - EDGE, 226), fill=LINE, width=2)

    def text(
        self,
        x: float,
        y: float,
        said: str,
        size: int,
        shade: int,
        room: float = 0,
        *,
        end: bool = False,
    ) -> None:
        """Write a line as large as asked, or as its room allows (0: up to the edge).

        With `end` it ends at x.
        """
        room = room or SIZE[0] - EDGE - x
        while size > 20 and font(size).getlength(said) > room:
            size -= 4
        while font(size).getlength(said) > room:
            said = f"{said.rstrip('.')[:-1].rstrip()}..."
        at = x - font(size).getlength(said) if end else x
        self.on.text((at, y), said, fill=shade, font=font(size))

    def row(self, y: float, name: str, told: str, ends: tuple[float, float, float]) -> None:
        """Draw one model: its name, its number, and its interval (value, low, high in 0 to 1)."""
        left, right = 620, 1000
        value, low, high = (left + (right - left) * min(max(end, 0.0), 1.0) for end in ends)
        self.text(EDGE, y, name, 32, INK, room=left - EDGE - 30)
        self.on.line((left, y + 20, right, y + 20), fill=LINE, width=2)
        self.on.line((low, y + 20, high, y + 20), fill=ACCENT, width=6)
        self.on.ellipse((value - 9, y + 11, value + 9, y + 29), fill=ACCENT)
        self.text(SIZE[0] - EDGE, y, told, 32, INK, room=120, end=True)

    def fact(self, x: float, y: float, name: str, told: str, room: float) -> None:
        """Write a fact: what it is, small, and its value below."""
        self.text(x, y, name, 24, QUIET, room)
        self.text(x, y + 34, told, 44, INK, room)

    def png(self, colours: Accents) -> bytes:
        """Return the picture as a file, in the colours of a board."""
        step = 255 // (SHADES - 1)
        image = self.image.point([round(number / step) for number in range(256)])
        image.putpalette(palette(colours, step))
        file = io.BytesIO()
        image.save(file, "PNG", bits=4)
        return file.getvalue()


def draw_suite(site: Site, name: str) -> Preview:
    """Draw the first models of a suite with their intervals."""
    suite = site.tree.board.suites[name]
    ranked = [row for row in site.rows[name] if row["best_rank"]]
    told = f"{len(ranked)} models, {len(suite.tasks)} tasks, season {site.tree.board.season}"
    preview = Preview(latin(site.tree.board.title), latin(suite.title, name), told)
    shown = ranked[:LINES]
    for number, (area, asked) in enumerate(list(suite.areas.items())[: 0 if shown else LINES]):
        preview.text(EDGE, 252 + 44 * number, latin(area.replace("_", " ").title()), 32, INK, 300)
        titles = ", ".join(latin(load_task(entry.task).title, entry.task) for entry in asked)
        preview.text(EDGE + 320, 252 + 44 * number, titles, 32, QUIET)
    scale = scale_of(shown)
    for number, row in enumerate(shown):
        ends = (row["index"], row["low"], row["high"])
        name_of = f"{row['tie_group']}  {latin(row['title'], row['model'])}"
        preview.row(252 + 44 * number, name_of, f"{row['index']:.1f}", placed(ends, scale))
    return preview


def draw_task(site: Site, name: str) -> Preview:
    """Draw what a task is and how far models have come on it."""
    task, locked = load_task(name), locked_request_set(name)
    values = [
        cell.value
        for cells in site.cells.values()
        if (cell := cells.get(name)) is not None and cell.standing is not None
    ]
    best = f"{100 * max(values):.1f} %" if values else "none yet"
    preview = Preview(
        latin(site.tree.board.title), latin(task.title, name), latin(task.summary, task.kind)
    )
    facts = (
        ("Best model", best),
        ("Best trivial guesser", f"{100 * locked.baseline:.1f} %" if locked else "unknown"),
        ("Models measured", str(len(values))),
        ("Items", f"{locked.n:,}" if locked else "unknown"),
        ("Kind", task.kind),
        ("Licence of the data", latin(task.licence, "see its page")),
    )
    for number, (what, told) in enumerate(facts):
        preview.fact(EDGE + 352 * (number % 3), 270 + 150 * (number // 3), what, told, 330)
    return preview


def scale_of(rows: list[Json]) -> tuple[float, float]:
    """Return the ends that hold all intervals of rows."""
    ends = [row[end] for row in rows for end in ("low", "high")] or [0.0]
    return min(ends), max(ends)


def placed(
    ends: tuple[float, float, float], scale: tuple[float, float]
) -> tuple[float, float, float]:
    """Return values as shares of the way from one end of a scale to the other."""
    span = (scale[1] - scale[0]) or 1.0
    value, low, high = ((end - scale[0]) / span for end in ends)
    return value, low, high


@cache
def font(size: int) -> FreeTypeFont | ImageFont:
    """Return the font that comes with Pillow."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


def latin(text: str, otherwise: str = "") -> str:
    """Return a text if the font has all its letters, else what stands in for it."""
    plain = text.replace("\u2013", "-").replace("\u2212", "-").replace("\u2019", "'")
    return plain if plain.isascii() and plain.isprintable() else otherwise


def palette(colours: Accents, step: int) -> list[int]:
    """Return red, green and blue of every shade, blended between those that are held."""
    held = HOLD | {ACCENT: _channels(colours.light)}
    ends = sorted(held)
    found: list[int] = []
    for shade in range(0, 256, step):
        low = max(end for end in ends if end <= shade)
        high = min(end for end in ends if end >= shade)
        share = (shade - low) / (high - low) if high > low else 0.0
        pairs = zip(held[low], held[high], strict=True)
        found += [round(a + (b - a) * share) for a, b in pairs]
    return found


def _channels(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue
