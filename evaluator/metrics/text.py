"""Text rules that scores depend on: pure functions from text to text, each with its source."""

from __future__ import annotations

import re
import string
import unicodedata

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_CJK = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff])")


def normalise_answer(text: str) -> str:
    """Lower-case, drop punctuation and English articles, collapse white space.

    SQuAD 1.1's `normalize_answer` with two changes, so that it serves Chinese too: NFKC first, and
    every Unicode punctuation character is dropped, not only the ASCII ones.
    """
    text = unicodedata.normalize("NFKC", text).lower()
    kept = (
        ch
        for ch in text
        if ch not in string.punctuation and not unicodedata.category(ch).startswith("P")
    )
    return " ".join(_ARTICLES.sub(" ", "".join(kept)).split())


def answer_tokens(text: str) -> list[str]:
    """Split a normalised answer at white space and around each CJK character."""
    return _CJK.sub(r" \1 ", normalise_answer(text)).split()
