"""What a change is, and what the changes share."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from evaluator.core.files import sha256
from evaluator.core.records import Example

TextChange = Callable[[str, str], str]
"""(text, seed) -> the text asked instead. Which places change follows from the seed."""
CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def same(example: Example) -> Example:
    """Return an item as it is."""
    return example


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One way in which a task's items are asked again; what is right stays."""

    family: str
    """form (robustness), people (fairness) or evidence (explanation)."""
    about: str
    """What is changed, as a sentence goes on after "The same items"."""
    item: Callable[[Example], Example] = same
    """One item -> the item asked instead, with the same id, group, right indices and answers."""
    shots: str = "same"
    """Which worked examples are shown: same, reversed or none."""
    before: str = ""
    """Text before the whole prompt."""
    split: Callable[[Example], tuple[Example, ...]] | None = None
    """One item -> several, each without another part; None: items stay one by one."""
    kinds: tuple[str, ...] = ()
    """Kinds of task that it makes sense for; empty: all."""

    @property
    def asks_all_anew(self) -> bool:
        """True if every prompt changes, whatever its item says."""
        return bool(self.before) or self.shots != "same"


def draw(seed: str) -> int:
    """Return a whole number from 0 to 2^32 - 1 that follows from a text alone."""
    return int(sha256(seed.encode())[:8], 16)


def by_text(name: str, change: TextChange) -> Callable[[Example], Example]:
    """Return the change of an item that changes each text of its question, seeded by its id.

    Of an item with bare texts only these change: the rest of its question are the words of the
    prompt, such as the list of labels.
    """

    def item(example: Example) -> Example:
        seed = f"{name}|{example.id}"
        texts = tuple(change(text, seed) for text in example.texts)
        return replace(
            example,
            question=_with_texts(example, texts) or change(example.question, seed),
            texts=texts,
            contexts=tuple(change(text, seed) for text in example.contexts),
        )

    return item


def _with_texts(example: Example, texts: tuple[str, ...]) -> str:
    """Return a question with other bare texts in their places; '' if it does not show them all."""
    spans = text_spans(example)
    question = example.question
    for (start, end), text in zip(reversed(spans), reversed(texts), strict=False):
        question = f"{question[:start]}{text}{question[end:]}"
    return question if spans else ""


def text_spans(example: Example) -> list[tuple[int, int]]:
    """Return (start, end) of each bare text in the question; [] if it does not show them all."""
    found: list[tuple[int, int]] = []
    for text in example.texts:
        start = example.question.find(text, found[-1][1] if found else 0)
        if start < 0:
            return []
        found.append((start, start + len(text)))
    return found
