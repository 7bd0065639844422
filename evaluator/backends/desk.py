"""Writing in one row: texts side by side, each ends by itself and makes room for the next.

A step feeds the last token of every text that goes on and the next tokens of those that begin. They
stand side by side; a token attends to its own text and to the branches of the trie that its
prompt begins with, which are fed once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch

from evaluator.backends.ending import Ending, Written, likeliest
from evaluator.backends.path import SHARED
from evaluator.backends.runner import Runner
from evaluator.backends.trie import Branch, Row

ROWS_AHEAD = 16
"""Places of the texts being written may exceed the tokens of one row by this factor, as far as the
token budget goes: more texts at once are fewer steps, but each attends past all others' places."""


@dataclass(slots=True)
class _Draft:
    """A text that is being written, or a branch that several begin with."""

    prompt: Row
    """All of it; () for a branch."""
    ahead: deque[int]
    """Tokens to feed next, in order: what is not yet fed, or the last token written."""
    depth: int
    """Position of the next token to feed."""
    chain: tuple[int, ...]
    """Numbers of the branches above it and its own: what it attends to."""
    room: int
    """Places that it may need."""
    written: list[int] = field(default_factory=list)

    @property
    def owner(self) -> int:
        """Its number."""
        return self.chain[-1]


class Desk:
    """The texts being written in one row."""

    def __init__(self, runner: Runner, ending: Ending, root: Branch) -> None:
        """Feed what all prompts begin with, and lay out the rest of the trie."""
        self._runner = runner
        self._ending = ending
        self._shared = len(root.ids)
        self._drafts: list[_Draft] = []
        self._waiting = deque(_Numbering(ending.max_tokens).drafts(root, len(root.ids), ()))
        size = len(self._waiting) + 1
        # [a, b]: whether draft a attends to b; the last column is SHARED
        self._sight = torch.zeros(size, size, dtype=torch.bool)
        self._sight[:, SHARED] = True
        for draft in self._waiting:
            self._sight[draft.owner, list(draft.chain)] = True
        self._sight = self._sight.to(runner.device)
        self._rooms = {draft.owner: draft.room for draft in self._waiting}
        runner.begin_path(root.ids)

    def write(self) -> dict[Row, Written]:
        """Return prompt -> text."""
        found: dict[Row, Written] = {}
        while self._waiting or self._drafts:
            while self._waiting and self._has_room(self._waiting[0]):
                self._drafts.append(self._waiting.popleft())
            found |= self._step()
            self._clear_up()
        self._runner.path.rewind(self._shared)
        return found

    def _has_room(self, draft: _Draft) -> bool:
        """Tell whether one more fits; one always does."""
        if all(not held.prompt for held in self._drafts):
            return True
        alive = {owner for held in (*self._drafts, draft) for owner in held.chain}
        most = min(ROWS_AHEAD * self._runner.row_tokens, self._runner.batch_tokens)
        return sum(self._rooms[owner] for owner in alive) <= most

    def _step(self) -> dict[Row, Written]:
        """Feed one row; return the texts that end with it."""
        ids: list[int] = []
        depths: list[int] = []
        owners: list[int] = []
        last: list[tuple[int, _Draft]] = []  # (place in the row, text whose next token it predicts)
        unfed: set[int] = set()  # branches that are not yet whole: what goes on after them waits
        for draft in self._drafts:
            if not unfed.isdisjoint(draft.chain):
                continue
            count = min(len(draft.ahead), max(1, self._runner.row_tokens - len(ids)))
            ids += [draft.ahead.popleft() for _ in range(count)]
            depths += range(draft.depth, draft.depth + count)
            owners += [draft.owner] * count
            draft.depth += count
            if draft.ahead:
                unfed.add(draft.owner)
            elif draft.prompt:
                last.append((len(ids) - 1, draft))
        self._drafts = [draft for draft in self._drafts if draft.prompt or draft.ahead]
        return self._take(last, self._feed(ids, depths, owners, [place for place, _ in last]))

    def _feed(
        self, ids: list[int], depths: list[int], owners: list[int], last: list[int]
    ) -> list[int]:
        """Return the likeliest token after each of these places of the row."""
        path, device = self._runner.path, self._runner.device
        depth = torch.tensor(depths, device=device)
        owner = torch.tensor(owners, device=device)
        mine = self._sight[owner][:, torch.cat([path.owners, owner])]
        sees = mine & (torch.cat([path.depths, depth]) <= depth[:, None])
        keep = torch.zeros(len(ids), dtype=torch.bool)
        keep[last] = True
        logits = self._runner.feed_path(ids, depth, owner, sees, keep)
        return likeliest(logits).tolist() if last else []

    def _take(self, last: list[tuple[int, _Draft]], following: list[int]) -> dict[Row, Written]:
        """Append the new tokens; take away the texts that they end."""
        ended: dict[Row, Written] = {}
        for (_, draft), token in zip(last, following, strict=True):
            draft.written.append(token)
            draft.ahead.append(token)
            text = self._ending.finish(draft.written)
            if text is not None:
                ended[draft.prompt] = text
        self._drafts = [draft for draft in self._drafts if draft.prompt not in ended]
        return ended

    def _clear_up(self) -> None:
        """Drop the places that nothing attends to any more once they are half of the row."""
        path = self._runner.path
        least = max(self._runner.row_tokens, path.length // 2)
        if path.length - self._shared <= least:
            return
        alive = {owner for draft in (*self._drafts, *self._waiting) for owner in draft.chain}
        used = torch.isin(path.owners, torch.tensor([SHARED, *alive], device=path.owners.device))
        if path.length - int(used.sum()) > least:
            path.keep(used.nonzero()[:, 0])


class _Numbering:
    """Lays a trie out depth first: branches before what goes on after them."""

    def __init__(self, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        self._next = 0

    def drafts(self, branch: Branch, depth: int, chain: tuple[int, ...]) -> Iterator[_Draft]:
        """Yield a draft for each prompt and each branch below one of `depth` tokens."""
        for stem in branch.stems:
            rest = stem[depth:]
            room = len(rest) + self._max_tokens
            yield _Draft(stem, deque(rest), depth, (*chain, self._number()), room)
        for child in branch.branches:
            below = (*chain, self._number())
            yield _Draft((), deque(child.ids), depth, below, len(child.ids))
            yield from self.drafts(child, depth + len(child.ids), below)

    def _number(self) -> int:
        self._next += 1
        return self._next - 1
