"""Mathematics: are two answers the same value, however they are written?

By math-verify (Kydlíček et al., github.com/huggingface/Math-Verify), which reads LaTeX and plain
expressions into SymPy. A boxed answer counts first, then one announced by words such as "the answer
is", then the last expression of the text.
"""

from __future__ import annotations

import re

SECONDS = 3
"""A comparison that takes longer (a tower of powers) is given up and counts as wrong."""

DELIMITED = re.compile(r"\$|\\boxed|\\\(|\\\[")
"""Marks of LaTeX in a text; a backslash without any is LaTeX all the same."""


def same_value(answer: str, right: tuple[str, ...]) -> bool:
    """Tell whether the answer in a text equals one of the right ones, which are LaTeX."""
    import math_verify  # brings SymPy: only where it is scored

    answer = answer.replace("\\$", "")  # a dollar of money is no mark of LaTeX
    if "\\" in answer and not DELIMITED.search(answer):
        answer = f"${answer}$"
    said = math_verify.parse(answer, parsing_timeout=SECONDS)
    golds = ("$" + gold.replace("\\$", "").strip("$") + "$" for gold in right)
    return any(
        math_verify.verify(
            math_verify.parse(gold, parsing_timeout=SECONDS), said, timeout_seconds=SECONDS
        )
        for gold in golds
    )


def same_values(answer: str, right: tuple[str, ...]) -> bool:
    """As `same_value`, for a text that is nothing but an answer, without words around it.

    Such a text may be a bare expression, `2x + 3`; the same words are the same answer; and of an
    answer in parts with semicolons between, all must be equal.
    """
    answer = answer.strip().rstrip(".。")
    for gold in right:
        ours, theirs = re.split("[;；]", answer), gold.split(";")
        if answer == gold:
            return True
        if len(ours) == len(theirs) and all(
            same_value(part, (wanted,)) or same_value(f"${part.strip('$')}$", (wanted,))
            for part, wanted in zip(ours, theirs, strict=True)
        ):
            return True
    return False
