"""Forward passes of a causal model: tokens in, chosen logits and key-value caches out.

Everything that scores or writes goes through here, so that tokens are counted in one place and only
chosen rows ever reach the vocabulary projection.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch

from evaluator.backends.tokens import pad_right

EXACT_NATS = 1e-5
"""How closely two ways of computing must agree in fp32 to count as the same."""


class Runner:
    """A model on a device."""

    def __init__(self, model: Any, device: str, batch_tokens: int) -> None:
        """Hold a model in evaluation mode.

        Args:
            model: a transformers causal language model.
            device: cpu or cuda.
            batch_tokens: most tokens (rows x longest row) of one pass.
        """
        self.model = model.to(device)
        self.device = device
        self.batch_tokens = batch_tokens
        self.tokens_fed = 0

    def feed(
        self,
        rows: Sequence[Sequence[int]],
        keep: torch.Tensor | int,
        *,
        after: Sequence[int] | int = 0,
        cache: Any = None,
        mask: torch.Tensor | None = None,
        use_cache: bool = False,
    ) -> tuple[torch.Tensor, Any]:
        """Run rows of token ids, filled up on the right; return (logits, cache).

        Args:
            rows: (B) id rows of any length.
            keep: (B, L) bool of the places whose logits are wanted -> (kept, V); or how many last
                places -> (B, kept, V).
            after: position of each row's first token, or one for all.
            cache: keys and values of what came before; it is changed.
            mask: (B, what came before + L) of zeros and ones if the cache has holes.
            use_cache: return a cache that goes on after these tokens.
        """
        tokens = pad_right(rows).to(self.device)
        starts = torch.tensor([after] * len(rows) if isinstance(after, int) else list(after))
        positions = starts[:, None] + torch.arange(tokens.shape[1])
        # filling must not stand past the last position there is
        last = max(start + len(row) for start, row in zip(starts.tolist(), rows, strict=True)) - 1
        self.tokens_fed += tokens.numel()
        output = self.model(
            input_ids=tokens,
            position_ids=positions.clamp(max=last).to(self.device),
            attention_mask=None if mask is None else mask.to(self.device),
            past_key_values=cache,
            use_cache=use_cache or cache is not None,
            logits_to_keep=keep.to(self.device) if isinstance(keep, torch.Tensor) else keep,
        )
        return output.logits, output.past_key_values

    def branch(self, cache: Any, lines: Sequence[int]) -> Any:
        """Return a new cache whose rows are these lines of `cache`; any line may stand twice."""
        fresh = copy.deepcopy(cache)
        fresh.reorder_cache(torch.tensor(lines, dtype=torch.long, device=self.device))
        return fresh

    @cached_property
    def holes_are_exact(self) -> bool:
        """Tell whether this model may go on after a padded row whose padding is masked out.

        True of full attention with rotary or learned positions; false where a layer counts places
        in the cache (sliding windows, some linear biases). Found by trying, in fp32 only: coarser
        numbers would hide a small error.
        """
        if self.model.dtype != torch.float32:
            return False
        generator = torch.Generator().manual_seed(1)
        vocabulary = int(self.model.get_input_embeddings().num_embeddings)
        ids = torch.randint(vocabulary, (24,), generator=generator).tolist()
        stems, tail = [ids[:17], ids[17:22]], ids[20:24]
        place = torch.zeros(2, len(stems[0]), dtype=torch.bool)
        place[:, 0] = True
        _, cache = self.feed(stems, place, use_cache=True)
        if any(cache.is_sliding):  # a window would have to be passed before its error shows
            return False
        mask = torch.ones(2, len(stems[0]) + len(tail), dtype=torch.long)
        mask[1, len(stems[1]) : len(stems[0])] = 0
        lengths = [len(stem) for stem in stems]
        shared, _ = self.feed([tail, tail], len(tail), after=lengths, cache=cache, mask=mask)
        for line, stem in enumerate(stems):
            alone, _ = self.feed([stem + tail], len(tail))
            gap = shared[line].log_softmax(-1) - alone[0].log_softmax(-1)
            if not gap.abs().max() <= EXACT_NATS:
                return False
        return True
