r"""Regular expressions that a tokenizer brings along: those that can take for ever are refused.

Where a group that is repeated without end holds a repetition without end, as in `(a+)+`, a text can
be cut into its parts in twice as many ways with each further character, and a search that fails
tries them all (J. Kirrage, A. Rathnayake, H. Thielecke, "Static Analysis for Regular Expression
Denial-of-Service Attacks", 2013, https://arxiv.org/abs/1301.0849). Tokenizers in use (GPT-2, Llama
3, Qwen, DeepSeek) have none: they repeat characters and classes. Slowness of other kinds is not
seen here; the time of a run bounds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.core.files import Json

MAX_CHARACTERS = 4096
"""Longest expression; the longest in use have some 500."""
TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?(?:[:=!>]|<[=!]|[a-z-]*:|<\w+>))?|\{\d+,\}|.", re.DOTALL
)
"""An escape, a class of characters, the beginning of a group, a repetition, or a character."""


def why_endless(pattern: str) -> str:
    """Return why an expression may take for ever, '' if nothing is seen."""
    if len(pattern) > MAX_CHARACTERS:
        return f"has more than {MAX_CHARACTERS} characters"
    groups: list[tuple[int, bool]] = []
    repeats = after_repeats = False
    begin = 0
    for found in TOKEN.finditer(pattern):
        token, inner, after_repeats = found[0], after_repeats, False
        if token.startswith("("):
            groups.append((found.start(), repeats))
            repeats = False
        elif token == ")" and groups:
            after_repeats = repeats
            begin, outer = groups.pop()
            repeats = repeats or outer
        elif token in ("*", "+") or (len(token) > 1 and token[0] == "{"):
            if inner:
                return (
                    f"repeats without end what repeats without end: {pattern[begin : found.end()]}"
                )
            repeats = True
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
