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


def same_value(answer: str, right: tuple[str, ...]) -> bool:
    """Tell whether the answer in a text equals one of the right ones, which are LaTeX."""
    import math_verify  # brings SymPy: only where it is scored

    if "\\" in answer and not DELIMITED.search(answer):
        answer = f"${answer}$"  # LaTeX that nothing marks as such
    said = math_verify.parse(answer, parsing_timeout=SECONDS)
    return any(
        math_verify.verify(
            math_verify.parse(f"${gold.strip('$')}$", parsing_timeout=SECONDS),
            said,
            timeout_seconds=SECONDS,
        )
        for gold in right
    )


def same_values(answer: str, right: tuple[str, ...]) -> bool:
    """As `same_value`, for answers in several parts with semicolons between: all must be equal."""
    said = re.split("[;；]", answer)
    for gold in right:
        parts = gold.split(";")
        if len(parts) == 1 and same_value(answer, right):
            return True
        if len(parts) == len(said) > 1 and all(
            same_value(ours, (theirs,)) for ours, theirs in zip(said, parts, strict=True)
        ):
            return True
    return False
