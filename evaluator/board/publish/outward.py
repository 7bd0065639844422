"""A private board's site leads nowhere outside."""

from __future__ import annotations

import re

OUTWARD = re.compile(
    r'<a\b[^>]*\bhref="(?P<address>(?:https?:)?//[^"]*)"[^>]*>(?P<text>.*?)</a>', re.DOTALL
)


def without_outward(html: str) -> str:
    """Return a page without links that lead outside: their text stays, their address is told."""
    return OUTWARD.sub(r'<span title="\g<address>">\g<text></span>', html)
