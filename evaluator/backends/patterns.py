r"""Regular expressions that a tokenizer brings along: those that can take for ever are refused.

A repeated group whose content matches in one way only is cut into its parts in one way. Where it
holds a repetition, a choice or what may be left out, as in `(a+)+`, `(a|ab)*` and `(a{1,2})+`, a
text can be cut in twice as many ways with each further character, and a search that fails tries
them all (J. Kirrage, A. Rathnayake, H. Thielecke, "Static Analysis for Regular Expression
Denial-of-Service Attacks", 2013, https://arxiv.org/abs/1301.0849). Tokenizers in use (GPT-2, Llama
3, Qwen, DeepSeek) repeat characters, classes and groups of fixed length.

What is slow for another reason, such as `\s*\s*\s*x`, cannot be told from what is in use (Llama 3
has `\s*[\r\n]+`). There the library's own bound holds: it gives up a match after ten million steps,
a fraction of a second (`panic.py` says so in words); the time of a run bounds the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.core.files import Json

MAX_CHARACTERS = 4096
"""Longest expression; the longest in use have some 500."""
TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?(?:[:=!>]|<[=!]|[a-z-]*:|<\w+>))?"
    r"|\{\d*,?\d*\}|.",
    re.DOTALL,
)
"""An escape, a class of characters, the beginning of a group, a repetition, or a character."""


def why_endless(pattern: str) -> str:
    """Return why an expression may take for ever, '' if nothing is seen."""
    if len(pattern) > MAX_CHARACTERS:
        return f"has more than {MAX_CHARACTERS} characters"
    groups: list[tuple[int, bool]] = []
    varies = group_varies = False
    begin = 0
    for found in TOKEN.finditer(pattern):
        token, inner, group_varies = found[0], group_varies, False
        if token.startswith("("):
            groups.append((found.start(), varies))
            varies = False
        elif token == ")" and groups:
            group_varies = varies
            begin, outer = groups.pop()
            varies = varies or outer
        elif token in ("*", "+") or re.fullmatch(r"\{(\d+,?|\d*,\d+)\}", token):
            if inner:
                group = pattern[begin : found.end()]
                return f"repeats what matches in more than one way: {group}"
            varies = varies or "," in token or token in "*+"
        elif token in ("|", "?"):
            varies = True
    return ""


def expressions_of(tokenizer: Json) -> Iterator[str]:
    """Yield every regular expression of a tokenizer.json, however deep."""
    parts = tokenizer if isinstance(tokenizer, dict) else {}
    left = [parts.get(name) for name in ("normalizer", "pre_tokenizer", "decoder")]
    while left:
        part = left.pop()
        if isinstance(part, dict) and isinstance(part.get("Regex"), str):
            yield part["Regex"]
        if isinstance(part, dict | list):
            left += part.values() if isinstance(part, dict) else part
