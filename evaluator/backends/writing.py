"""Greedy generation: each row ends by its own stop string, end of text or length, and leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from evaluator.backends.runner import Runner
from evaluator.core.errors import ModelError


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One generated text."""

    text: str
    """Up to its stop string."""
    finish: str
    """stop or length."""
    tokens: int
    """Tokens generated, with the one that ended it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What ends a text."""

    stop: tuple[str, ...]
    """Stop strings."""
    end_ids: frozenset[int]
    """Tokens that mean the end of the text."""
    max_tokens: int
    """Most tokens to write."""


def write_greedily(
    runner: Runner, tokenizer: Any, prompts: Sequence[list[int]], ending: Ending
) -> list[Written]:
    """Write after each prompt, longest prompts first, in batches within the token budget.

    Raises:
        ModelError: logits that are no numbers.
    """
    order = sorted(range(len(prompts)), key=lambda i: (-len(prompts[i]), prompts[i]))
    found: dict[int, Written] = {}
    while order:
        width = len(prompts[order[0]]) + ending.max_tokens
        size = max(1, runner.batch_tokens // width)
        batch, order = order[:size], order[size:]
        texts = _write_batch(runner, tokenizer, [prompts[i] for i in batch], ending)
        found |= dict(zip(batch, texts, strict=True))
    return [found[i] for i in range(len(prompts))]


def _write_batch(
    runner: Runner, tokenizer: Any, prompts: list[list[int]], ending: Ending
) -> list[Written]:
    device = runner.device
    length = max(map(len, prompts))
    tokens = torch.tensor([[0] * (length - len(p)) + p for p in prompts], device=device)
    mask = torch.tensor([[0] * (length - len(p)) + [1] * len(p) for p in prompts], device=device)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    written: list[list[int]] = [[] for _ in prompts]
    ended: dict[int, Written] = {}
    alive = list(range(len(prompts)))
    cache = None
    while alive:
        runner.tokens_fed += tokens.numel()
        output = runner.model(
            input_ids=tokens,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache = output.past_key_values
        best, following = output.logits[:, -1].float().max(dim=1)
        if not torch.isfinite(best).all():
            raise ModelError("the model gives logits that are no numbers: check its weights")
        stay = []
        for line, (row, token) in enumerate(zip(alive, following.tolist(), strict=True)):
            written[row].append(token)
            text = _ended(tokenizer, written[row], ending)
            if text is None:
                stay.append(line)
            else:
                ended[row] = text
        alive = [alive[line] for line in stay]
        if len(stay) < len(mask):
            kept = torch.tensor(stay, dtype=torch.long, device=device)
            cache.batch_select_indices(kept)
            following, mask, positions = following[kept], mask[kept], positions[kept]
        tokens = following[:, None]
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
        positions = positions[:, -1:] + 1
    return [ended[row] for row in range(len(prompts))]


def _ended(tokenizer: Any, written: list[int], ending: Ending) -> Written | None:
    """Return the text if it has ended."""
    at_end = written[-1] in ending.end_ids
    text = tokenizer.decode(
        written[:-1] if at_end else written,
        skip_special_tokens=True,
        clean_up_tokenization_spaces=False,
    )
    cut = text
    for stop in ending.stop:
        cut = cut.split(stop)[0]
    if at_end or cut != text:
        return Written(text=cut, finish="stop", tokens=len(written))
    if len(written) >= ending.max_tokens:
        return Written(text=cut, finish="length", tokens=len(written))
    return None
