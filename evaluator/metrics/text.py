"""Text rules that scores depend on: pure functions from text to text, each with its source."""

from __future__ import annotations

import re
import string
import unicodedata
from fractions import Fraction

_WORD = re.compile(r"[^\W_]+")
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


_PLAIN = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
_NUMBER = re.compile(
    r"\\[dt]?frac\s*\{\s*(-?\d+)\s*\}\s*\{\s*(\d+)\s*\}"
    rf"|(-?(?:{_PLAIN}))(?:\s*/\s*({_PLAIN}))?"
)


def canonical_number(text: str) -> str:
    r"""Return the last number in a text as a reduced fraction, '' if there is none.

    Reads thousands commas, decimals, `a/b`, `\frac{a}{b}`, and the digits of any script; a percent
    sign or a currency is left out. `1,234.50` is `2469/2`, `2/6` is `1/3`.
    """
    text = unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace("\u2044", "/")
    found = [match.groups() for match in _NUMBER.finditer(text)]
    for top, bottom, plain, below in reversed(found):
        above = Fraction((top or plain).replace(",", ""))
        under = Fraction((bottom or below or "1").replace(",", ""))
        if under:
            return str(above / under)
    return ""


def word_tokens(text: str) -> list[str]:
    """Split a text into lower-case words and single CJK characters; nothing else is kept.

    Like rouge-score's default tokenizer without stemming, but letters of every script count: that
    one drops all but a-z and 0-9, so that identical Chinese texts would score 0.
    """
    text = _CJK.sub(r" \1 ", unicodedata.normalize("NFKC", text).lower())
    return _WORD.findall(text)


def has_cjk(text: str) -> bool:
    """Tell whether a text holds Chinese, Japanese or Korean characters."""
    return _CJK.search(text) is not None


def rounds_to(number: str, right: tuple[str, ...]) -> bool:
    """Tell whether a canonical number is a right one at the decimals that one is written with.

    `35.349` is `35.3` and is not `35.34`; halves are rounded away from 0.
    """
    for gold in right:
        unit = Fraction(1, 10 ** len(gold.partition(".")[2]))
        if abs(Fraction(number) - Fraction(canonical_number(gold))) <= unit / 2:
            return True
    return False


def close_to(said: str, right: tuple[str, ...]) -> bool:
    """Tell whether an answer is a right one: the same word, or a number within half a per cent.

    A fraction may be told in per cent: `14.1` is `0.141`.
    """
    for gold in right:
        wanted = canonical_number(gold)
        if said == gold:
            return True
        if wanted and canonical_number(said):
            number, exact = Fraction(canonical_number(said)), Fraction(wanted)
            if any(abs(number - exact * unit) <= abs(exact * unit) / 200 for unit in (1, 100)):
                return True
    return False
