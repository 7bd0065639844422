"""Writing in few rows: texts side by side, each ends by itself and makes room for the next.

A step feeds the last token of every text that goes on and the next tokens of those that begin. They
stand side by side; a token attends to its own text and to the branches of the trie that its
prompt begins with, which are fed once. It also passes all other places of its row, for nothing: so
many texts stand in several rows, called lanes, each of which begins with what all share.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import accumulate

import torch

from evaluator.backends.ending import Ending, Written, likeliest
from evaluator.backends.path import SHARED, Path
from evaluator.backends.runner import Runner
from evaluator.backends.trie import Branch, Row

ROWS_AHEAD = 16
"""Places of the texts being written may exceed the tokens of one row by this factor, as far as the
token budget goes: more texts at once are fewer steps, but each takes memory."""
LANE_TEXTS = 10
"""Texts of a lane at least: fewer pass fewer places of others, but what all share stands in every
lane."""
FILL = -2
"""Owner of a place that fills a lane up: no text attends to it."""


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
    lane: int = 0
    """Row that it stands in."""
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
        self._sight = _sight(self._waiting).to(runner.device)
        self._rooms = {draft.owner: draft.room for draft in self._waiting}
        runner.begin_path(root.ids)
        self._lanes = 1 if root.branches else self._count_lanes()
        self._path = self._lay_lanes()

    def _count_lanes(self) -> int:
        """Return how many lanes the texts that are written at once fill."""
        places = accumulate(draft.room for draft in self._waiting)
        return max(1, sum(place <= self._most for place in places) // LANE_TEXTS)

    def _lay_lanes(self) -> Path:
        """Return the rows to write in."""
        path = self._runner.path
        if self._lanes == 1:
            return path
        room = min(self._most, sum(self._rooms.values())) // self._lanes
        return path.lanes(self._lanes, self._shared + room + self._waiting[0].room)

    @property
    def _most(self) -> int:
        """Most places of the texts that are written at once."""
        return min(ROWS_AHEAD * self._runner.row_tokens, self._runner.batch_tokens)

    def write(self) -> dict[Row, Written]:
        """Return prompt -> text."""
        found: dict[Row, Written] = {}
        while self._waiting or self._drafts:
            while self._waiting and self._has_room(self._waiting[0]):
                self._begin(self._waiting.popleft())
            found |= self._step()
            self._clear_up()
        self._runner.path.rewind(self._shared)
        return found

    def _begin(self, draft: _Draft) -> None:
        """Let a text or branch stand in the emptiest lane."""
        taken = [0] * self._lanes
        for held in self._drafts:
            taken[held.lane] += held.room
        draft.lane = taken.index(min(taken))
        self._drafts.append(draft)

    def _has_room(self, draft: _Draft) -> bool:
        """Tell whether one more fits; one always does."""
        if all(not held.prompt for held in self._drafts):
            return True
        alive = {owner for held in (*self._drafts, draft) for owner in held.chain}
        return sum(self._rooms[owner] for owner in alive) <= self._most

    def _step(self) -> dict[Row, Written]:
        """Feed one pass; return the texts that end with it."""
        lanes = [_Lane() for _ in range(self._lanes)]
        most = self._runner.row_tokens // self._lanes
        last: list[tuple[int, int, _Draft]] = []  # (lane, place, text whose next token it predicts)
        unfed: set[int] = set()  # branches that are not yet whole: what goes on after them waits
        for draft in self._drafts:
            if not unfed.isdisjoint(draft.chain):
                continue
            lanes[draft.lane].take(draft, most)
            if draft.ahead:
                unfed.add(draft.owner)
            elif draft.prompt:
                last.append((draft.lane, len(lanes[draft.lane].ids) - 1, draft))
        self._drafts = [draft for draft in self._drafts if draft.prompt or draft.ahead]
        last.sort(key=lambda at: at[:2])  # as the logits come
        following = self._feed(lanes, [at[:2] for at in last])
        return self._take([draft for _, _, draft in last], following)

    def _feed(self, lanes: list[_Lane], last: list[tuple[int, int]]) -> list[int]:
        """Return the likeliest token after each of these (lane, place)s."""
        path, device = self._path, self._runner.device
        long = max(len(lane.ids) for lane in lanes)
        ids = torch.tensor([_fill(lane.ids, 0, long) for lane in lanes])
        depth = torch.tensor([_fill(lane.depths, 0, long) for lane in lanes], device=device)
        owner = torch.tensor([_fill(lane.owners, FILL, long) for lane in lanes], device=device)
        owners = torch.cat([path.owners, owner], dim=1)
        depths = torch.cat([path.depths, depth], dim=1)
        sees = self._sight[owner[:, :, None], owners[:, None]]
        sees &= depths[:, None] <= depth[:, :, None]
        keep = torch.zeros(ids.shape, dtype=torch.bool)
        for lane, place in last:
            keep[lane, place] = True
        logits = self._runner.feed_path(path, ids, depth, owner, sees, keep)
        return likeliest(logits).tolist() if last else []

    def _take(self, last: list[_Draft], following: list[int]) -> dict[Row, Written]:
        """Append the new tokens; take away the texts that they end."""
        ended: dict[Row, Written] = {}
        for draft, token in zip(last, following, strict=True):
            draft.written.append(token)
            draft.ahead.append(token)
            text = self._ending.finish(draft.written)
            if text is not None:
                ended[draft.prompt] = text
        self._drafts = [draft for draft in self._drafts if draft.prompt not in ended]
        return ended

    def _clear_up(self) -> None:
        """Drop the places that nothing attends to any more once they are half of the row."""
        path = self._path
        least = max(self._runner.row_tokens // self._lanes, path.length // 2)
        if path.length - self._shared <= least:
            return
        alive = {owner for draft in (*self._drafts, *self._waiting) for owner in draft.chain}
        used = torch.isin(path.owners, torch.tensor([SHARED, *alive], device=path.owners.device))
        most = int(used.sum(dim=1).max())
        if path.length - most > least:
            # a lane with fewer keeps places that nothing attends to, behind its own
            path.keep(used.int().argsort(dim=1, descending=True, stable=True)[:, :most])


@dataclass(slots=True)
class _Lane:
    """What is fed to a row in one pass: of each token its id, its depth and whose it is."""

    ids: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)

    def take(self, draft: _Draft, most: int) -> None:
        """Add the next tokens of a text, up to `most` in all, but at least one."""
        count = min(len(draft.ahead), max(1, most - len(self.ids)))
        self.ids += [draft.ahead.popleft() for _ in range(count)]
        self.depths += range(draft.depth, draft.depth + count)
        self.owners += [draft.owner] * count
        draft.depth += count


def _fill(values: list[int], fill: int, long: int) -> list[int]:
    return values + [fill] * (long - len(values))


def _sight(drafts: Collection[_Draft]) -> torch.Tensor:
    """Return [a, b]: whether draft a attends to b; the last columns are FILL and SHARED."""
    size = len(drafts) + 2
    sight = torch.zeros(size, size, dtype=torch.bool)
    sight[:, SHARED] = True
    for draft in drafts:
        sight[draft.owner, list(draft.chain)] = True
    return sight


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
