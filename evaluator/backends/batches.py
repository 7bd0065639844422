"""Rows of token ids in batches: cut by a budget of tokens, filled up on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch


def cut_batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Yield positions of rows, longest first, so that rows x longest row stay within a budget.

    A row longer than the budget comes alone.
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    while order:
        size = max(1, batch_tokens // max(1, lengths[order[0]]))
        yield order[:size]
        order = order[size:]


def stack(rows: Sequence[Sequence[int]], fill: int, device: str) -> torch.Tensor:
    """Return rows as (B, L) ids, filled up on the right."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[fill] * (longest - len(row))] for row in rows], device=device)


def mask_of(rows: Sequence[Sequence[int]], device: str) -> torch.Tensor:
    """Return the (B, L) mask of rows: 1 where a token stands, 0 where a row is filled up."""
    return stack([[1] * len(row) for row in rows], 0, device)
