"""Stamp: copies of one rendered page, for pages that there are thousands of.

MkDocs renders one page of each sort with marks where a title, a sentence and a body belong. Filling
the marks takes a fraction of a millisecond where rendering a page takes ten.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from pathlib import Path

from evaluator.board.publish.rendered import ABOUT, BODY, PREVIEW, SHELL, TITLE, Stamped

HAN = re.compile("[\u4e00-\u9fff]+")
MARK = re.compile(f"({TITLE}|{ABOUT}|{PREVIEW}|{BODY}|{SHELL})")


class Shell:
    """A page with marks, cut up at them."""

    def __init__(self, rendered: str, source: str, to: Path) -> None:
        """Cut it up.

        Args:
            rendered: the HTML that MkDocs made of it.
            source: its path below docs/, with SHELL where each copy has its name.
            to: folder of the built site.
        """
        self.parts = MARK.split(rendered)
        self.address = source.removesuffix(".md") + ".html"
        self.to = to

    def write(self, copy: Stamped) -> None:
        """Write a copy."""
        fills = {
            TITLE: html.escape(copy.title),
            ABOUT: html.escape(copy.about),
            BODY: copy.body,
            PREVIEW: html.escape(copy.preview),
            SHELL: copy.name,
        }
        path = self.to / self.address.replace(SHELL, copy.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes("".join(fills.get(part, part) for part in self.parts).encode())


def cut_chinese(text: str) -> str:
    """Return text with breaks of no width around its Chinese words, where the search looks."""

    def cut(found: re.Match[str]) -> str:
        import jieba  # takes a second, and only the Chinese site needs it

        return "\u200b".join(["", *jieba.cut(found[0]), ""])

    return HAN.sub(cut, text).strip("\u200b")


def add_to_search(index: Path, copies: Iterable[tuple[str, str, str]]) -> None:
    """Add (address, title, text) of stamped pages to the search index that MkDocs wrote."""
    found = json.loads(index.read_text("utf-8"))
    found["docs"] += [
        {"location": address, "title": cut_chinese(title), "text": cut_chinese(words)}
        for address, title, words in copies
    ]
    text = json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    index.write_text(text, "utf-8", newline="\n")
