"""Duplicates: items that ask the same, to the letter or nearly.

The same: equal but for case and white space; a bracket can change what is right. Nearly the same:
at least four fifths of their word triples are shared (Jaccard) without punctuation (`plain`), found
by MinHash with bands (Broder 1997, doi 10.1109/SEQUEN.1997.666900) and then counted exactly, so
that no pair is reported wrongly.
"""

from __future__ import annotations

import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from evaluator.core.records import Example
from evaluator.measure.method import plain

SAME = 0.8
"""Share of triples from which on two texts are nearly the same."""
BANDS, ROWS = 20, 4
"""Pairs at 0.8 share a band with probability 1 - (1 - 0.8^4)^20 = 0.99997."""
PRIME = (1 << 61) - 1
MOST = 200
"""A bucket with more places is a prompt that all items share, and says nothing about any pair."""


def text_of(example: Example) -> str:
    """Return what an item asks, in small letters: bare texts, else question and choices."""
    asked = example.texts or (example.question, *example.contexts, *example.choices)
    return " ".join(unicodedata.normalize("NFKC", " ".join(asked)).casefold().split())


def repeated(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """Return text -> items, of every text that is asked more than once."""
    found = defaultdict(list)
    for example in examples:
        found[text_of(example)].append(example)
    return {text: same for text, same in found.items() if len(same) > 1}


@lru_cache(maxsize=4)
def clusters_of(examples: tuple[Example, ...]) -> tuple[str, ...]:
    """Return the cluster of each item, '' for those that stand alone; () if all do.

    Items of one source and items that ask the same or nearly the same tell one thing, not several.
    What is linked by any of the three is one cluster, named by its first item.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for place, example in enumerate(examples):
        places[f"text {text_of(example)}"].append(place)
        if example.cluster:
            places[f"source {example.cluster}"].append(place)
    links = [(same[0], other) for same in places.values() for other in same[1:]]
    first = _join(len(examples), [*links, *near(examples)])
    several = {place for place, other in enumerate(first) if place != other}
    several |= {first[place] for place in several}
    found = tuple(examples[first[i]].id if i in several else "" for i in range(len(examples)))
    return found if several else ()


def _join(n: int, links: Iterable[tuple[int, int]]) -> list[int]:
    """Return for each of n places the first of those that links lead to from it."""
    first = list(range(n))

    def root(place: int) -> int:
        while first[place] != place:
            first[place] = first[first[place]]
            place = first[place]
        return place

    for a, b in links:
        a, b = root(a), root(b)
        first[max(a, b)] = min(a, b)
    return [root(place) for place in range(n)]


def near(examples: Sequence[Example]) -> list[tuple[int, int]]:
    """Return the pairs of places whose items ask nearly the same, and not the same."""
    texts = [text_of(example) for example in examples]
    triples = [_triples(plain(text)) for text in texts]
    pairs = {
        (a, b)
        for bucket in _buckets(triples)
        for place, a in enumerate(bucket)
        for b in bucket[place + 1 :]
    }
    return [
        (a, b)
        for a, b in sorted(pairs)
        if texts[a] != texts[b] and _jaccard(triples[a], triples[b]) >= SAME
    ]


def _triples(text: str) -> frozenset[int]:
    """Return the hashes of a text's word triples; characters where it has no spaces."""
    words = text.split() if text.count(" ") > len(text) // 20 else list(text)
    spans = zip(words, words[1:], words[2:], strict=False) if len(words) > 3 else [words]
    return frozenset(zlib.crc32(" ".join(span).encode()) for span in spans if span)


def _jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    return len(one & other) / max(len(one | other), 1)


def _buckets(triples: Sequence[frozenset[int]]) -> Iterable[list[int]]:
    """Yield groups of places whose texts agree on a band of their signature."""
    rng = np.random.default_rng(20261124)
    a, b = rng.integers(1, 1 << 31, size=(2, BANDS * ROWS), dtype=np.uint64)
    buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for place, marks in enumerate(triples):
        if not marks:
            continue
        hashes = np.fromiter(marks, dtype=np.uint64, count=len(marks))
        signature = ((hashes[:, None] * a + b) % np.uint64(PRIME)).min(axis=0)
        for band in range(BANDS):
            part = signature[band * ROWS : (band + 1) * ROWS].tobytes()
            buckets[band, part].append(place)
    return (bucket for bucket in buckets.values() if 1 < len(bucket) <= MOST)
