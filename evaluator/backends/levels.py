"""Scoring in batches: for every architecture that can go on after a cache.

A branch's cache serves all below it; its contexts are fed as filled-up rows, and the tails of their
continuations go on after the contexts' own cache. The first token of a continuation is predicted by
the last token of its context, so single-token choices need no tail at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from evaluator.backends.runner import Runner
from evaluator.backends.tokens import Scored, add_up, score_tokens
from evaluator.backends.tree import Conts
from evaluator.backends.trie import Branch, Pair, Row

CACHE_FACTOR = 8
"""Places held in a cache may exceed the tokens fed at once by this factor."""


def score_by_levels(runner: Runner, root: Branch, conts: Conts) -> dict[Pair, Scored]:
    """Score all continuations of all contexts of a branch."""
    if root.ids and runner.beginning[0] != root.ids:
        _, cache = runner.feed([root.ids], 1, use_cache=True)
        runner.beginning = root.ids, cache
    return _score_branch(runner, root, conts, len(root.ids), runner.beginning[1])


def _score_branch(
    runner: Runner, branch: Branch, conts: Conts, shared: int, prefix: Any
) -> dict[Pair, Scored]:
    """Score what stands below a branch of `shared` tokens with its cache."""
    found: dict[Pair, Scored] = {}
    for batch in _stem_batches(runner, branch.stems, shared):
        found |= _score_stems(runner, batch, conts, shared, prefix if shared else None)
    for child in branch.branches:
        start = runner.branch(prefix, [0]) if shared else None
        _, cache = runner.feed([child.ids], 1, after=shared, cache=start, use_cache=True)
        found |= _score_branch(runner, child, conts, shared + len(child.ids), cache)
    return found


def _stem_batches(runner: Runner, stems: Sequence[Row], shared: int) -> Iterator[list[Row]]:
    """Cut stems, longest first, into batches; of equal length where holes would not be exact."""
    batch: list[Row] = []
    for stem in sorted(stems, key=lambda stem: (-len(stem), stem)):
        width = len(batch[0]) - shared if batch else 0
        rows = len(batch) + 1
        full = (
            rows * width > runner.batch_tokens
            or rows * (shared + width) > CACHE_FACTOR * runner.batch_tokens
        )
        if batch and (full or (len(stem) != len(batch[0]) and not runner.holes_are_exact)):
            yield batch
            batch = []
        batch.append(stem)
    if batch:
        yield batch


def _score_stems(
    runner: Runner, batch: list[Row], conts: Conts, shared: int, prefix: Any
) -> dict[Pair, Scored]:
    """Score all continuations of a batch of stems."""
    rows = [stem[shared:] for stem in batch]
    last = torch.zeros(len(rows), len(rows[0]), dtype=torch.bool)
    last[torch.arange(len(rows)), torch.tensor([len(row) - 1 for row in rows])] = True
    start = None if prefix is None else runner.branch(prefix, [0] * len(rows))
    tails = sorted(
        {(cont[:-1], line) for line, stem in enumerate(batch) for cont in conts[stem] if cont[1:]},
        key=lambda tail: (-len(tail[0]), tail),
    )
    logits, cache = runner.feed(rows, last, after=shared, cache=start, use_cache=bool(tails))
    firsts = [(line, cont[0]) for line, stem in enumerate(batch) for cont in conts[stem]]
    first = score_tokens(logits, firsts)  # (line, id) -> log-probability of an id after its stem
    rest: dict[tuple[int, Row], list[Scored]] = {}
    for part in _tail_batches(runner, tails, len(batch[0])):
        rest |= _score_tails(runner, part, batch, conts, cache)
    found: dict[Pair, Scored] = {}
    for line, stem in enumerate(batch):
        for cont in conts[stem]:
            tokens = [first[line, cont[0]], *rest.get((line, cont), [])]
            found[Pair(stem, cont)] = add_up(tokens)
    return found


def _tail_batches(
    runner: Runner, tails: list[tuple[Row, int]], before: int
) -> Iterator[list[tuple[Row, int]]]:
    """Cut (tail, line of its stem), longest first, by tokens fed and by places in the cache."""
    batch: list[tuple[Row, int]] = []
    for tail in tails:
        width = len(batch[0][0]) if batch else 0
        rows = len(batch) + 1
        if batch and (
            rows * width > runner.batch_tokens
            or rows * (before + width) > CACHE_FACTOR * runner.batch_tokens
        ):
            yield batch
            batch = []
        batch.append(tail)
    if batch:
        yield batch


def _score_tails(
    runner: Runner,
    tails: list[tuple[Row, int]],
    batch: list[Row],
    conts: Conts,
    cache: Any,
) -> dict[tuple[int, Row], list[Scored]]:
    """Return (line, continuation) -> scores of its tokens after the first."""
    rows = [tail for tail, _ in tails]
    lines = [line for _, line in tails]
    lengths = [len(batch[line]) for line in lines]
    mask = None
    if min(lengths) < len(batch[0]):  # some stems were filled up: mask the filling out
        places = torch.arange(len(batch[0]))
        stems = places < torch.tensor(lengths)[:, None]
        mask = torch.cat([stems, torch.ones(len(rows), len(rows[0]), dtype=torch.bool)], dim=1)
    keep = torch.zeros(len(rows), len(rows[0]), dtype=torch.bool)
    for row, tail in enumerate(rows):
        keep[row, : len(tail)] = True
    logits, _ = runner.feed(
        rows,
        keep,
        after=lengths,
        cache=runner.branch(cache, lines),
        mask=None if mask is None else mask.long(),
    )
    starts = np.cumsum([0, *map(len, rows)]).tolist()
    at = dict(zip(tails, starts, strict=False))
    members = [
        (line, cont, at[cont[:-1], line])
        for line in dict.fromkeys(lines)
        for cont in conts[batch[line]]
        if (cont[:-1], line) in at
    ]
    scored = score_tokens(
        logits, [(s + i, token) for _, c, s in members for i, token in enumerate(c[1:])]
    )
    return {
        (line, cont): [scored[start + i, token] for i, token in enumerate(cont[1:])]
        for line, cont, start in members
    }
