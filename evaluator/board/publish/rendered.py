"""What a page is before MkDocs has it: source and HTML, or a copy that goes into a shell."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass

from evaluator.core.files import Json, pretty_bytes

SHELL = "SHELL"
"""Name that stands in a shell's address where the copies have their own."""
TITLE, ABOUT, PREVIEW = "@TITLE@", "@ABOUT@", "@PREVIEW@"
NOT_SAID = re.compile(r'<div class="admonition.*?</div>', re.DOTALL)
PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
LAST = re.compile(r"\s*[\w'-]*$", re.ASCII)
"""A Latin word that may be cut; Chinese has no spaces."""
LEAD = 200
"""Most signs of what a page says of itself to search engines."""
BODY = "<!--<h1>@BODY@-->"
"""Where a copy's body goes; the theme adds a heading of its own to pages that hold no `<h1`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One page or file of the site."""

    front: str = ""
    """Markdown source: front matter, for a page whose body is HTML."""
    body: str | None = None
    """HTML that follows the page's own text; None if `content` is the whole file."""
    content: str = ""
    """A whole file: Markdown, or something to download."""
    in_nav: bool = False
    """True if mkdocs.yml names the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """What one copy of a shell holds."""

    name: str
    """What stands in its address instead of SHELL."""
    title: str
    """Title, as text."""
    about: str
    """One sentence for search engines, as text."""
    body: str
    """HTML."""
    preview: str = ""
    """Path of the picture that a link to it becomes, where the shell has room for it."""


def page_of(title: str, description: str, body: str, *, in_nav: bool = False) -> Rendered:
    """Return a page of HTML. Its tables stay out of the search, which every visitor loads.

    The theme prints title and description unescaped, so they are escaped here; front matter is
    written as JSON, which is YAML without its traps.
    """
    facts: dict[str, Json] = {
        "title": html.escape(title),
        "description": html.escape(description),
        "hide": ["navigation", "toc"],
        "search": {"exclude": True},
    }
    front = "".join(f"{key}: {json.dumps(value)}\n" for key, value in facts.items())
    return Rendered(front=f"---\n{front}---\n", body=body, in_nav=in_nav)


def lead_of(body: str) -> str:
    """Return the first paragraph of a page of the manual, as an attribute can hold it; '' without.

    Notices above it are passed over.
    """
    found = PARAGRAPH.search(NOT_SAID.sub("", body))
    text = html.unescape(re.sub(r"<[^>]+>", "", found[1])) if found else ""
    text = " ".join(text.split())
    if len(text) > LEAD:
        text = f"{LAST.sub('', text[: LEAD - 2])} …"
    return html.escape(text)


def download(value: Json) -> Rendered:
    """Return a value as a JSON file."""
    return Rendered(content=pretty_bytes(value).decode())
