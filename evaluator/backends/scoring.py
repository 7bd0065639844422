"""Log-likelihoods of many (context, continuation) pairs, each shared token computed once.

Three levels, as prompts are built: the beginning that all pairs share (description and shots), the
stem of each distinct context, and the tails of its continuations. A level's keys and values serve
everything below it. The first token of a continuation is predicted by the last token of its stem,
so single-token choices need no tail at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from evaluator.backends.runner import Runner
from evaluator.backends.tokens import common_prefix, token_logprobs
from evaluator.core.errors import ModelError

LEAST_SHARED = 16
"""A shared beginning shorter than this many tokens is not worth a forward pass of its own."""
CACHE_FACTOR = 8
"""Places held in a cache may exceed the tokens fed at once by this factor."""

Row = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """One continuation after one context."""

    stem: Row
    """Context ids, the last of which predicts the first id of the continuation."""
    cont: Row
    """Continuation ids, at least one."""


Found = dict[Pair, tuple[float, bool]]
"""Pair -> (log-likelihood in nats, whether greedy decoding writes it)."""


def score_pairs(runner: Runner, pairs: Sequence[Pair]) -> Found:
    """Score every distinct pair.

    Raises:
        ModelError: a log-likelihood that is no number.
    """
    conts: dict[Row, list[Row]] = {}
    for pair in dict.fromkeys(pairs):
        conts.setdefault(pair.stem, []).append(pair.cont)
    stems = sorted(conts, key=lambda stem: (-len(stem), stem))
    shared = min(common_prefix(stems), min(map(len, stems)) - 1)
    shared = shared if shared >= LEAST_SHARED and len(stems) > 1 else 0
    prefix = None
    if shared:
        _, prefix = runner.feed([stems[0][:shared]], 1, use_cache=True)
    found: Found = {}
    for batch in _stem_batches(runner, stems, shared):
        found |= _score_stems(runner, batch, conts, shared, prefix)
    return found


def _stem_batches(runner: Runner, stems: list[Row], shared: int) -> Iterator[list[Row]]:
    """Cut stems, longest first, into batches; of equal length where holes would not be exact."""
    batch: list[Row] = []
    for stem in stems:
        width = len(batch[0]) - shared if batch else 0
        full = (len(batch) + 1) * width > runner.batch_tokens
        if batch and (full or (len(stem) != len(batch[0]) and not runner.holes_are_exact)):
            yield batch
            batch = []
        batch.append(stem)
    if batch:
        yield batch


def _score_stems(
    runner: Runner, batch: list[Row], conts: dict[Row, list[Row]], shared: int, prefix: Any
) -> Found:
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
    first = _at(logits, firsts)  # (line, id) -> log-probability of an id after its stem
    rest: dict[tuple[int, Row], list[tuple[float, bool]]] = {}
    for part in _tail_batches(runner, tails, len(batch[0])):
        rest |= _score_tails(runner, part, batch, conts, cache)
    found: Found = {}
    for line, stem in enumerate(batch):
        for cont in conts[stem]:
            tokens = [first[line, cont[0]], *rest.get((line, cont), [])]
            total = np.float32(sum(logprob for logprob, _ in tokens))
            if not np.isfinite(total):
                raise ModelError(f"the model gives {total} as a log-likelihood: check its weights")
            # the shortest decimal that reads back as this 32-bit float
            value = float(str(total))
            found[Pair(stem, cont)] = value, all(greedy for _, greedy in tokens)
    return found


def _at(logits: torch.Tensor, wanted: list[tuple[int, int]]) -> dict[tuple[int, int], Any]:
    """Return (row, id) -> (log-probability, greedy) for rows of (R, V) logits."""
    distinct = list(dict.fromkeys(wanted))
    rows = torch.tensor([row for row, _ in distinct], device=logits.device)
    ids = torch.tensor([token for _, token in distinct], device=logits.device)
    logprobs, greedy = token_logprobs(logits, rows, ids)
    return dict(zip(distinct, zip(logprobs.tolist(), greedy.tolist(), strict=True), strict=True))


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
    conts: dict[Row, list[Row]],
    cache: Any,
) -> dict[tuple[int, Row], list[tuple[float, bool]]]:
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
    scored = _at(logits, [(s + i, token) for _, c, s in members for i, token in enumerate(c[1:])])
    return {
        (line, cont): [scored[start + i, token] for i, token in enumerate(cont[1:])]
        for line, cont, start in members
    }
