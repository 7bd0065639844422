"""From text to token ids and from logits to log-likelihoods: pure functions, shapes in docstrings.

The rules are those of lm-evaluation-harness 0.4.13's HF backend, so that numbers agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from evaluator.backends.numbers import nats

CHUNK_ROWS = 256
"""Rows of logits that are widened to fp32 at once."""

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


def common_length(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many leading ids two rows share."""
    shortest = min(len(one), len(other))
    if one[:shortest] == other[:shortest]:
        return shortest
    return next(i for i in range(shortest) if one[i] != other[i])


def token_logprobs(
    logits: torch.Tensor, rows: torch.Tensor, ids: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ((N,) fp32 log-probability of each id in its row, (N,) whether it is the likeliest).

    Args:
        logits: (R, V) in any float type; only scored rows ever reach this function.
        rows: (N,) row of each id; a row may serve many.
        ids: (N,) token that follows the row.
    """
    normalisers, bests = [], []
    for part in torch.split(logits, CHUNK_ROWS):  # the copy in fp32 is as small as a chunk
        wide = part.float()
        normalisers.append(torch.logsumexp(wide, dim=1))
        bests.append(wide.argmax(dim=1))
    normaliser, best = torch.cat(normalisers), torch.cat(bests)
    return logits[rows, ids].float() - normaliser[rows], best[rows] == ids


Scored = tuple[float, bool]
"""(log-probability in nats, whether greedy decoding writes it)."""


def score_tokens(
    logits: torch.Tensor, wanted: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], Scored]:
    """Return (row, id) -> score of that id after that row, for rows of (R, V) logits."""
    distinct = list(dict.fromkeys(wanted))
    rows = torch.tensor([row for row, _ in distinct], device=logits.device)
    ids = torch.tensor([token for _, token in distinct], device=logits.device)
    logprobs, greedy = token_logprobs(logits, rows, ids)
    return dict(zip(distinct, zip(logprobs.tolist(), greedy.tolist(), strict=True), strict=True))


def add_up(tokens: Sequence[Scored]) -> Scored:
    """Return the score of a continuation from those of its tokens.

    Raises:
        ModelError: a log-likelihood that is no number.
    """
    return nats(sum(logprob for logprob, _ in tokens)), all(greedy for _, greedy in tokens)
