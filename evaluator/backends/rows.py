"""Writing in batches: for every architecture that can go on after a cache.

Rows are filled up on the left, so that all of them end at one place and no row has a hole. A prompt
takes what it begins with from the cache of its branch; a row that ends leaves, and once half of the
room is free the next prompts are fed apart and laid beside the rows that go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import pad

from evaluator.backends.ending import Ending, Written, likeliest
from evaluator.backends.levels import CACHE_FACTOR
from evaluator.backends.runner import Runner
from evaluator.backends.trie import Branch, Row


@dataclass(slots=True)
class Rows:
    """Texts that are being written side by side."""

    prompts: list[Row]
    """(B) what each goes on after."""
    written: list[list[int]]
    """(B) tokens written so far; the last one is not fed yet."""
    cache: Any
    """Keys and values of (B, K) places."""
    mask: torch.Tensor
    """(B, K) 1 where a place holds a token of the text."""

    def join(self, others: Rows) -> None:
        """Lay other rows beside these; the shorter ones are filled up on the left."""
        self._cut_fill()
        here, there = self.mask.shape[1], others.mask.shape[1]
        mine, theirs = max(0, there - here), max(0, here - there)
        for layer, other in zip(self.cache.layers, others.cache.layers, strict=True):
            layer.keys = torch.cat([_fill(layer.keys, mine), _fill(other.keys, theirs)])
            layer.values = torch.cat([_fill(layer.values, mine), _fill(other.values, theirs)])
        self.mask = torch.cat([pad(self.mask, (mine, 0)), pad(others.mask, (theirs, 0))])
        self.prompts += others.prompts
        self.written += others.written

    def _cut_fill(self) -> None:
        """Drop the places on the left that no row uses any more."""
        first = int(self.mask.any(dim=0).int().argmax())
        for layer in self.cache.layers if first else ():
            layer.keys = layer.keys[:, :, first:].contiguous()
            layer.values = layer.values[:, :, first:].contiguous()
        self.mask = self.mask[:, first:]

    def keep(self, lines: Sequence[int]) -> None:
        """Keep these lines alone."""
        self.prompts = [self.prompts[line] for line in lines]
        self.written = [self.written[line] for line in lines]
        at = torch.tensor(lines, dtype=torch.long, device=self.mask.device)
        self.cache.reorder_cache(at)
        self.mask = self.mask[at]


def write_by_rows(
    runner: Runner, root: Branch, ending: Ending, *, alone: bool = False
) -> dict[Row, Written]:
    """Return prompt -> text for all prompts of a branch.

    Args:
        runner: the model.
        root: prompts and what they share.
        ending: what ends a text.
        alone: one row at a time, since its positions depend on the longest row.
    """
    found: dict[Row, Written] = {}
    rows: Rows | None = None
    for group in _groups(runner, root, ending.max_tokens, alone):
        while rows and not (runner.cache_is_plain and not alone and _fit(runner, rows, group)):
            rows = _step(runner, rows, ending, found)
        fresh = _begin(runner, group)
        if rows:
            rows.join(fresh)
        else:
            rows = fresh
        rows = _take(rows, ending, found)
    while rows:
        rows = _step(runner, rows, ending, found)
    return found


@dataclass(frozen=True, slots=True)
class _Group:
    """Prompts that begin together."""

    prompts: list[Row]
    shared: int
    """Tokens in the cache of what they begin with."""
    cache: Any
    room: int
    """Places that they may need."""


def _groups(runner: Runner, root: Branch, max_tokens: int, alone: bool) -> Iterator[_Group]:
    """Yield the prompts of a branch and of all below it, in groups that are fed in one pass."""
    if root.ids and runner.beginning[0] != root.ids:
        _, cache = runner.feed([root.ids], 1, use_cache=True)
        runner.beginning = root.ids, cache
    for stems, shared, cache in _walk(runner, root, len(root.ids), runner.beginning[1]):
        batch: list[Row] = []
        for stem in sorted(stems, key=lambda stem: (-len(stem), stem)):
            longest = len(batch[0]) if batch else len(stem)
            count = len(batch) + 1
            fed, held = count * (longest - shared), count * (longest + max_tokens)
            most = runner.batch_tokens
            if batch and (alone or fed > most or held > CACHE_FACTOR * most // 2):
                yield _Group(batch, shared, cache, len(batch) * (len(batch[0]) + max_tokens))
                batch = []
            batch.append(stem)
        if batch:
            yield _Group(batch, shared, cache, len(batch) * (len(batch[0]) + max_tokens))


def _walk(
    runner: Runner, branch: Branch, shared: int, cache: Any
) -> Iterator[tuple[tuple[Row, ...], int, Any]]:
    """Yield (prompts, tokens that they share, cache of these) of each branch, depth first."""
    yield branch.stems, shared, cache
    for child in branch.branches:
        start = runner.branch(cache, [0]) if shared else None
        _, below = runner.feed([child.ids], 1, after=shared, cache=start, use_cache=True)
        yield from _walk(runner, child, shared + len(child.ids), below)


def _fit(runner: Runner, rows: Rows, group: _Group) -> bool:
    """Tell whether a group fits beside the rows that go on."""
    longest = max(rows.mask.shape[1], group.room // len(group.prompts))
    lines = len(rows.prompts) + len(group.prompts)
    return lines * longest <= CACHE_FACTOR * runner.batch_tokens


def _begin(runner: Runner, group: _Group) -> Rows:
    """Feed the prompts of a group, each after as much of the shared cache as its length allows.

    All rows end at one place and are fed equally many tokens; a shorter prompt feeds some tokens
    that the cache holds too, instead of leaving a hole.
    """
    device, prompts = runner.device, group.prompts
    width = max(map(len, prompts)) - group.shared
    tokens = [prompt[-width:] for prompt in prompts]
    taken = [len(prompt) - len(row) for prompt, row in zip(prompts, tokens, strict=True)]
    places = torch.arange(max(taken))
    # place j of the cache holds the shared token j - (holes on the left)
    at = places - (max(taken) - torch.tensor(taken))[:, None]
    held = (at >= 0).to(device)
    cache = _spread(runner, group.cache, at.clamp(min=0).to(device)) if max(taken) else None
    filled = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in tokens])
    mask = torch.cat([held.long(), filled.to(device)], dim=1)
    depths = torch.tensor(taken)[:, None] + filled.cumsum(1) - 1
    output = runner.run(
        torch.tensor([[0] * (width - len(row)) + list(row) for row in tokens]),
        1,
        attention_mask=mask,
        position_ids=depths.clamp(min=0).to(device),
        past_key_values=cache,
        use_cache=True,
    )
    following = likeliest(output.logits[:, -1]).tolist()
    return Rows(list(prompts), [[token] for token in following], output.past_key_values, mask)


def _spread(runner: Runner, cache: Any, at: torch.Tensor) -> Any:
    """Return a cache of (B, K) places, each a copy of place `at` of the one row of `cache`."""
    fresh = runner.branch(cache, [0])
    for layer in fresh.layers:
        layer.keys = layer.keys[0][:, at].transpose(0, 1).contiguous()
        layer.values = layer.values[0][:, at].transpose(0, 1).contiguous()
    return fresh


def _step(runner: Runner, rows: Rows, ending: Ending, found: dict[Row, Written]) -> Rows | None:
    """Feed the last token of every row; return the rows that go on."""
    last = torch.tensor([[written[-1]] for written in rows.written])
    depths = [[len(p) + len(w) - 1] for p, w in zip(rows.prompts, rows.written, strict=True)]
    rows.mask = torch.cat([rows.mask, rows.mask.new_ones(len(rows.mask), 1)], dim=1)
    output = runner.run(
        last,
        1,
        attention_mask=rows.mask,
        position_ids=torch.tensor(depths, device=runner.device),
        past_key_values=rows.cache,
        use_cache=True,
    )
    rows.cache = output.past_key_values
    for written, token in zip(rows.written, likeliest(output.logits[:, -1]).tolist(), strict=True):
        written.append(token)
    return _take(rows, ending, found)


def _take(rows: Rows, ending: Ending, found: dict[Row, Written]) -> Rows | None:
    """Take away the texts that their last token ends."""
    stay = []
    for line, (prompt, written) in enumerate(zip(rows.prompts, rows.written, strict=True)):
        text = ending.finish(written)
        if text is None:
            stay.append(line)
        else:
            found[prompt] = text
    if len(stay) < len(rows.prompts):
        rows.keep(stay)
    return rows if stay else None


def _fill(states: torch.Tensor, count: int) -> torch.Tensor:
    """Return (B, H, K, D) keys or values with `count` places more on the left."""
    return pad(states, (0, 0, count, 0)) if count else states
