"""Changes of evidence: the same question with a part of it taken away.

What an answer loses is what it rested on.

Without its question, an item should not be answered above guessing: what still is comes from the
options alone (Gururangan et al. 2018, arXiv 1803.02324; Poliak et al. 2018, arXiv 1805.01042).
`erased` takes away one word or sentence after another from a few items: representation erasure
(Li, Monroe and Jurafsky 2016, arXiv 1612.08220), read off in probability, not in relative
log-likelihood, so that it adds up over items of any length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from evaluator.core.records import Example
from evaluator.tasks.changes.change import Change, text_spans
from evaluator.tasks.changes.form import OPTION

ASKS = re.compile(r"^(?:Question|Q|Problem|问题|题目|问)\s*\d*\s*[:\uff1a]", re.MULTILINE)
"""Where the question begins after a passage."""
NAMED = re.compile(r"^(?:[^\W\d_]+ ?){1,3}[:\uff1a] ?", re.MULTILINE)
"""The name of a part of a prompt at the head of a line: "Question: ", "答案："."""
SENTENCE = re.compile(r"[^.!?。！？\n]*[.!?。！？\n]+\s*|[^.!?。！？\n]+")
WORD = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff][^\w\s]*|[^\s\u3400-\u4dbf\u4e00-\u9fff]+")
"""A word, or a Chinese character, with the signs after it."""
ITEMS = 8
"""Items whose parts are taken away one by one: the first, then spread evenly."""
MOST_UNITS = 12
"""Parts of an item at most; more words are taken together, equally many each."""
SENTENCES = 4
"""From so many sentences on, whole sentences are taken away."""


def without_question(example: Example) -> Example:
    """Return an item of which the names of its parts and the shown options are left.

    One whose choices differ in what comes before them stays: they would become the same.
    """
    if example.contexts:
        return example
    left = example.question
    for start, end in reversed(list(told_spans(example))):
        left = left[:start] + left[end:]
    return replace(example, question=left, texts=("",) * len(example.texts))


def without_passage(example: Example) -> Example:
    """Return an item without what stands before its question; as it is where nothing does."""
    heads = list(ASKS.finditer(example.question))
    if not heads or not example.question[: heads[-1].start()].strip():
        return example
    return replace(example, question=example.question[heads[-1].start() :])


def told_spans(example: Example) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of what a question tells, line by line: of its bare texts, if it has any.

    Left out are the names of parts, the shown options and a last line that asks for the answer.
    """
    shown = {found.span() for found in OPTION.finditer(example.question)}
    texts = text_spans(example)
    for line in re.finditer(r"[^\n]+", example.question):
        if texts:
            parts = ((max(a, line.start()), min(b, line.end())) for a, b in texts)
            yield from (part for part in parts if part[0] < part[1])
            continue
        cue = line.end() == len(example.question) and line[0].endswith((":", "\uff1a"))
        if line.span() in shown or cue:
            continue
        name = NAMED.match(line[0])
        start = line.start() + (name.end() if name else 0)
        if start < line.end():
            yield start, line.end()


def units(example: Example) -> list[tuple[int, int]]:
    """Return (start, end) in the question of the parts that are taken away one by one.

    Sentences from `SENTENCES` of them on, else words (of Chinese, characters); at most `MOST_UNITS`
    parts, so that neighbours are taken together where there are more.
    """
    found: list[tuple[int, int]] = []
    for pattern in (SENTENCE, WORD):
        found = [
            (start + part.start(), start + part.end())
            for start, end in told_spans(example)
            for part in pattern.finditer(example.question[start:end])
            if part[0].strip()
        ]
        if len(found) >= SENTENCES:
            break
    k = min(len(found), MOST_UNITS)
    cuts = [round(i * len(found) / k) for i in range(k + 1)] if k else [0]
    return [(found[a][0], found[b - 1][1]) for a, b in pairwise(cuts)]


def _without(text: str, start: int, end: int) -> str:
    """Return a text without a part and without the space that would be left over."""
    before, after = text[:start], text[end:].lstrip(" ")
    return before + after if after[:1] not in ("", "\n") else before.rstrip(" ") + after


def erase(example: Example) -> tuple[Example, ...]:
    """Return an item whole, then without each of its units in turn; they share a cluster."""
    whole = replace(example, id=f"{example.id}/whole", cluster=example.id, texts=())
    parts = tuple(
        replace(
            whole,
            id=f"{example.id}/{number}",
            changed=True,
            question=_without(example.question, start, end),
        )
        for number, (start, end) in enumerate(units(example))
    )
    return (whole, *parts)


CHANGES = {
    "no_question": Change(
        family="evidence",
        about="without the question: the names of its parts and the shown options are left",
        item=without_question,
        kinds=("choice", "classification", "matching", "ranking"),
    ),
    "no_passage": Change(
        family="evidence",
        about="without the passage before the question",
        item=without_passage,
        kinds=("choice", "classification", "matching", "ranking", "generation"),
    ),
    "no_shots": Change(
        family="evidence", about="without the worked examples before them", shots="none"
    ),
    "erased": Change(
        family="evidence",
        about="without one word or sentence after another, a few of them",
        split=erase,
        kinds=("choice", "classification", "matching"),
    ),
}
"""Name -> change."""
