"""Templates -> HTML. Escaping is on; the only HTML let through is that of cleaned model cards."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.ext import Extension
from markupsafe import Markup, escape

from evaluator.board.publish.site import Site
from evaluator.board.publish.values import address_of
from evaluator.board.publish.words import FIRST, Words
from evaluator.core.files import Json

SENTENCE = re.compile(r"""\bt\(("[\w.]+")\)""")
"""Where a template names a sentence that has no places to fill."""
OURS = frozenset(("t", "name", "say", "to", "dot", "listed", "gaps"))
"""Functions of templates; none asks for Jinja's context."""
METHODS = frozenset(dir(dict))
"""Names that a dictionary answers to whatever it holds: `items`, `keys`, ..."""


class Sentences(Extension):
    """Puts the sentences of the language into a template when it is compiled.

    Jinja computes a filter of a constant once, a call each time: a page of a model has a hundred.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Turn calls of `t` into the filter `t`."""
        return SENTENCE.sub(r"(\1|t)", source)


class Straight(CodeGenerator):
    """Compiles a call of one of our functions to that call; Jinja asks each time what it takes.

    A page of a model is rendered in three quarters of the time.
    """

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        """Write a call."""
        ours = isinstance(node.node, nodes.Name) and node.node.name in OURS
        if not ours or node.dyn_args or node.dyn_kwargs:
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for value in (*node.args, *node.kwargs):
            self.visit(value, frame)
            self.write(", ")
        self.write(")")


class Records(Environment):
    """Reads `record.part` of a dictionary as its part first, where Jinja asks for an attribute.

    That is a thousand times a page of a model. Methods of dictionaries keep their names.
    """

    code_generator_class = Straight

    def getattr(self, obj: Json, attribute: str) -> Json:
        """Return a part of a record, or whatever Jinja finds."""
        if type(obj) is dict and attribute in obj and attribute not in METHODS:
            return obj[attribute]
        return super().getattr(obj, attribute)


class Renderer:
    """Renders templates in one language, with links that hold at any depth of the site."""

    def __init__(self, site: Site, source: Path, words: Words, *, directories: bool = True) -> None:
        """Read the templates.

        Args:
            site: what everything is derived from.
            source: the folder site/ with `templates/`.
            words: the language.
            directories: False if addresses shall name files, for a site read without a server.
        """
        self.words = words
        self.directories = directories
        self.environment = Records(
            loader=FileSystemLoader(source / "templates"),
            autoescape=True,
            extensions=[Sentences],
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        filters: dict[str, Callable[..., object]] = {
            "t": words,
            "percent": percent,
            "one": one,
            "count": short_count,
            "thousands": lambda value: f"{value:,}",
            "script": script_json,
            "coded": coded,
            "picture": lambda picture: Markup(picture.svg(alone=False)),
        }
        self.environment.filters |= filters
        board = site.tree.board
        self.environment.globals |= {
            "board": board,
            "folder": site.root.name,
            "suites": board.suites,
            "t": words,
            "name": words.name,
            "say": words.say,
            "language": words.language,
            "dot": interval_dot,
            "listed": words.listed,
            "gaps": words.gaps,
            "share": address_of(board) or "https://…/",
        }

    def __call__(self, template: str, path: str, **values: Json) -> str:
        """Render the body of the page whose source is `path`, such as `models/index.md`."""
        base = "../" * path.count("/")
        if not path.endswith("index.md") and self.directories:
            base += "../"
        files = base if self.words.language == FIRST else base + "../"
        found = self.environment.get_template(template)
        return found.render(base=base, files=files, to=self.linker(base), **values)

    def linker(self, base: str) -> Callable[[str], str]:
        """Return page source -> address, as seen from a page with this way up to the root."""

        def to(source: str) -> str:
            path = source.removesuffix("index.md")
            if path != source:
                return base + (path if self.directories else f"{path}index.html") or "./"
            return base + source.removesuffix(".md") + ("/" if self.directories else ".html")

        return to


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share in percent, without the sign; a dash for none."""
    return "\u2013" if value is None else one(100 * value, digits)


def one(value: float | None, digits: int = 1) -> str:
    """Return a number with so many digits and a true minus; a dash for none."""
    if value is None:
        return "\u2013"
    text = f"{value:.{digits}f}"
    return text.replace("-", "\u2212") if float(text) else text.lstrip("-")


def short_count(value: int) -> str:
    """Return a count as people say it: 48k, 1.5M, 7B; a dash for none."""
    for limit, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if value >= limit:
            scaled = value / limit
            return f"{scaled:.0f}{letter}" if scaled >= 10 else f"{scaled:.1f}{letter}"
    return str(value) if value else "\u2013"


def coded(text: str) -> Markup:
    """Return text with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def script_json(value: Json) -> Markup:
    """Return JSON that can stand inside a script element, whatever its strings hold.

    Keys keep their order: that of areas and tasks is the order of the columns.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # every sign that could end the element is escaped above


def interval_dot(
    value: float, low: float, high: float, scale: tuple[float, float], width: int = 120
) -> Markup:
    """Return a small picture: a dot with its interval on a common scale, a tick at 0.

    The style sheet draws it, from places in pixels: a board of thousands has a hundred thousand of
    them. It says nothing to screen readers; the numbers stand beside it as text.
    """
    span = (scale[1] - scale[0]) or 1.0

    def x(at: float) -> str:
        return f"{4 + (width - 8) * (min(max(at, scale[0]), scale[1]) - scale[0]) / span:.1f}"

    zero = "" if x(0) == "4.0" else f";--z:{x(0)}"
    return Markup(f'<i class="b-iv" style="--l:{x(low)};--h:{x(high)};--v:{x(value)}{zero}"></i>')
