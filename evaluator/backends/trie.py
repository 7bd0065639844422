"""The token trie of many contexts: which of its branches are worth a forward pass of their own.

    root = plan_branches(stems, beginning=trunk, free=0)     # pure: ids in, a tree of passes out

Contexts that begin alike share the keys and values of what they share, at any depth: the shots, a
passage that several questions are asked about, the question of several answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evaluator.backends.tokens import common_length

Row = tuple[int, ...]
"""Token ids."""
LEAST_SHARED = 16
"""A beginning shorter than this many tokens is not worth a forward pass of its own."""
LEAST_SAVED = 256
"""Tokens that a branch must save to be worth a forward pass of its own."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One continuation after one context."""

    stem: Row
    """Context ids, the last of which predicts the first id of the continuation."""
    cont: Row
    """Continuation ids, at least one."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Tokens that are fed once, and all that goes on after them."""

    ids: Row
    """Tokens after those of the branches above; () if nothing is shared."""
    stems: tuple[Row, ...]
    """Whole contexts that part right here, sorted; each has at least one token more."""
    branches: tuple[Branch, ...]
    """Contexts that share more."""

    @property
    def tokens(self) -> int:
        """Tokens fed for shared beginnings, here and below."""
        return len(self.ids) + sum(branch.tokens for branch in self.branches)


def plan_branches(stems: Sequence[Row], beginning: Row = (), free: int = 0) -> Branch:
    """Return the tree of passes over distinct contexts.

    Args:
        stems: distinct contexts, at least one.
        beginning: tokens that all contexts of a task begin with, these and others: as far as these
            share it, it gets a pass of its own however few they are, so that the next ones find it.
        free: most tokens of one row of a tree, inside which sharing costs no pass; 0 if there is
            no such row.
    """
    ordered = sorted(stems)
    return _Planner(ordered, free).grow(0, len(ordered), 0, len(share_beginning(stems, beginning)))


def share_beginning(stems: Sequence[Row], beginning: Row) -> Row:
    """Return what all contexts share with a beginning, if that is worth a pass."""
    ordered = sorted(stems)
    shared = min(_shared(ordered), common_length(ordered[0], beginning))
    return ordered[0][:shared] if shared >= LEAST_SHARED else ()


def _shared(ordered: Sequence[Row]) -> int:
    """Return how many tokens sorted contexts share, so that each has at least one more."""
    return min(common_length(ordered[0], ordered[-1]), len(ordered[0]) - 1)


class _Planner:
    def __init__(self, ordered: Sequence[Row], free: int) -> None:
        self._stems = ordered
        self._free = free
        # tokens that each context shares with the one before it
        self._same = [0, *map(common_length, ordered, ordered[1:])]

    def grow(self, first: int, last: int, above: int, shared: int) -> Branch:
        """Return the branch of contexts first to last-1, of which `above` tokens are fed."""
        stems: list[Row] = []
        branches: list[Branch] = []
        for start, end, depth in self._split(first, last, shared, shared):
            if depth > shared:
                branches.append(self.grow(start, end, shared, depth))
            else:
                stems += self._stems[start:end]
        return Branch(self._stems[first][above:shared], tuple(stems), tuple(branches))

    def _split(
        self, first: int, last: int, above: int, seen: int
    ) -> Iterator[tuple[int, int, int]]:
        """Yield (first, last, depth) of groups; depth > above where a pass of its own pays."""
        start = first
        for at in range(first + 1, last + 1):
            if at < last and self._same[at] > seen:
                continue
            depth = _shared(self._stems[start:at])
            if self._pays(start, at, above, depth):
                yield start, at, depth
            elif at - start == 1:
                yield start, at, above
            else:
                yield from self._split(start, at, above, min(self._same[start + 1 : at]))
            start = at

    def _pays(self, first: int, last: int, above: int, depth: int) -> bool:
        parts = last - first
        if self._free:
            size = sum(
                len(self._stems[i]) - max(self._same[i] if i > first else 0, above)
                for i in range(first, last)
            )
            # a row may be twice as long as is best before one context is cut
            parts = size // self._free if parts > 1 or size > 2 * self._free else 0
            return parts > 1 and parts * (depth - above) >= LEAST_SAVED
        return (parts - 1) * (depth - above) >= LEAST_SAVED
