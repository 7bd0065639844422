"""From text to token ids and from logits to log-likelihoods: pure functions, shapes in docstrings.

The rules are those of lm-evaluation-harness 0.4.13's HF backend, so that numbers agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

Encode = Callable[[str, bool], list[int]]
"""(text, add special tokens) -> ids."""


def encode_pair(
    encode: Encode, context: str, continuation: str, prefix_id: int
) -> tuple[list[int], list[int]]:
    """Return (context ids, continuation ids) of a scored pair.

    White space at the end of the context moves to the continuation; the pair is encoded as a whole
    and cut at the length of the context's own encoding. An empty context becomes `prefix_id`.
    (lm-evaluation-harness 0.4.13, `TemplateLM._encode_pair`.)
    """
    if not context:
        ids = encode(continuation, False)
        return ([prefix_id], ids) if ids[:1] != [prefix_id] else (ids[:1], ids[1:])
    kept = context.rstrip()
    moved = context[len(kept) :] + continuation
    ids = encode(kept, True) if kept else [prefix_id]
    whole = encode(kept + moved, True)
    return ids, whole[len(ids) :]


def cut_left(ids: list[int], longest: int) -> tuple[list[int], int]:
    """Return the last `longest` ids and how many were dropped before them."""
    dropped = max(0, len(ids) - longest)
    return ids[dropped:], dropped


def common_prefix(rows: Sequence[Sequence[int]]) -> int:
    """Return how many leading ids all rows share."""
    if not rows:
        return 0
    low, high = min(map(list, rows)), max(map(list, rows))
    for i, (a, b) in enumerate(zip(low, high, strict=False)):
        if a != b:
            return i
    return min(len(low), len(high))


def pad_right(rows: Sequence[Sequence[int]]) -> torch.Tensor:
    """Stack id rows into (B, L), filled with 0 on the right."""
    length = max(map(len, rows))
    return torch.tensor([list(row) + [0] * (length - len(row)) for row in rows])


def token_logprobs(
    logits: torch.Tensor, rows: torch.Tensor, ids: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ((N,) fp32 log-probability of each id in its row, (N,) whether it is the likeliest).

    Args:
        logits: (R, V) in any float type; only scored rows ever reach this function.
        rows: (N,) row of each id; a row may serve many.
        ids: (N,) token that follows the row.
    """
    wide = logits.float()
    normaliser = torch.logsumexp(wide, dim=1)
    best = wide.argmax(dim=1)
    return wide[rows, ids] - normaliser[rows], best[rows] == ids
