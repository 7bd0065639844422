"""Model cards: what a contributor writes about a model, checked and made safe to show.

A card never enters MkDocs as a page. It is rendered by a Markdown instance of its own without any
extension that reads files or sets attributes, and then cleaned to a short list of tags.
"""

from __future__ import annotations

import re

from evaluator.core.errors import DocumentError, Fault
from evaluator.core.safe_yaml import HIDDEN, read_yaml

MAX_BYTES = 64 * 1024
MAX_BRACKETS = 500
"""Opening brackets in a paragraph that are still read as links."""
MAX_TAGS = 1000
"""Opening angle brackets in a card that are still read as tags."""
HEADINGS = ("Intended use", "Training data", "Limitations")
"""Second-level headings that every card must have."""
TAGS = {
    "p", "br", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code",
    "em", "strong", "del", "table", "thead", "tbody", "tr", "th", "td", "hr", "a",
}  # fmt: skip


def split_front_matter(text: str) -> tuple[str, str, int]:
    """Return (front matter, body, lines before the body) of a card; '' without front matter."""
    found = re.match(r"---\n(.*?\n)---\n", text, re.DOTALL)
    if found is None:
        return "", text, 0
    return found[1], text[found.end() :], found[0].count("\n")


def check_card(data: bytes, path: str) -> list[Fault]:
    """Return all faults of a card."""
    if len(data) > MAX_BYTES:
        return [Fault(path, 0, "", f"{len(data)} bytes; at most {MAX_BYTES} are shown")]
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return [Fault(path, 0, "", "not UTF-8")]
    faults = []
    front, body, before = split_front_matter(text)
    if not front:
        message = "must begin with front matter between two lines '---' (see .github/card.md)"
        faults.append(Fault(path, 1, "", message))
    else:
        try:
            facts = read_yaml(front.encode(), path)
            if "license" not in facts.value:
                faults.append(Fault(path, 1, "/license", "front matter must name a license"))
        except DocumentError as error:
            faults += [Fault(path, f.line + 1, f.pointer, f.message) for f in error.faults]
    headings = {line[3:].strip() for line in body.split("\n") if line.startswith("## ")}
    faults += [
        Fault(path, 0, "", f"heading '## {heading}' is missing")
        for heading in HEADINGS
        if heading not in headings
    ]
    for number, line in enumerate(body.split("\n"), before + 1):
        if HIDDEN.search(line):
            faults.append(Fault(path, number, "", "invisible character: remove it"))
    return faults


def _calm(body: str) -> str:
    """Return a body without brackets enough to keep Markdown busy for minutes.

    Its search for links and tags takes time that grows with the square of their number.
    """
    if body.count("<") > MAX_TAGS:
        body = body.replace("<", "&lt;")
    blocks = re.split(r"(\n\s*\n)", body)
    return "".join(b.replace("[", "&#91;") if b.count("[") > MAX_BRACKETS else b for b in blocks)


def _keep(tag: str, attribute: str, value: str) -> str | None:
    """Return an attribute's value, None for an address that is not written out in full."""
    if attribute == "href" and not value.startswith(("https://", "mailto:")):
        return None
    return value


def render_card(text: str) -> str:
    """Return the body of a card as HTML that holds nothing but text, tables and https links.

    Raises:
        ValueError: the card is longer than what is shown of any.
    """
    import markdown  # both come with the site extra
    import nh3

    if len(text) > MAX_BYTES:
        raise ValueError(f"{len(text)} characters; at most {MAX_BYTES} are shown")
    _, body, _ = split_front_matter(text.replace("\r\n", "\n"))
    reader = markdown.Markdown(extensions=["tables", "fenced_code", "sane_lists"])
    cleaned: str = nh3.clean(
        reader.convert(_calm(body)),
        tags=TAGS,
        attributes={"a": {"href", "title"}},
        attribute_filter=_keep,
        url_schemes={"https", "mailto"},
        url_relative="deny",
        link_rel="nofollow ugc noopener noreferrer",
    )
    # headings start below "Model card", a second-level heading of the page that holds the card
    return re.sub(r"(</?h)([1-6])\b", lambda m: f"{m[1]}{min(int(m[2]) + 2, 6)}", cleaned)
