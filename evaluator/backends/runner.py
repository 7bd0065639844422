"""Forward passes of a causal model: tokens in, chosen logits and key-value caches out.

Everything that scores or writes goes through here, so that tokens are counted in one place, only
chosen rows ever reach the vocabulary projection, and memory that runs out is met once.
"""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import torch
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from evaluator.backends.batches import stack
from evaluator.backends.path import SHARED, Path
from evaluator.core.errors import ModelError

EXACT_NATS = 1e-5
"""How closely two ways of computing must agree in fp32 to count as the same."""
ROW_TOKENS = (256, 4096)
"""Least and most tokens of one row of a tree."""
COPIED_BY_REORDER = (DynamicLayer, DynamicSlidingWindowLayer)
"""Layers whose tensors are replaced, never written into: a branch need not copy them first."""

Result = TypeVar("Result")


class Runner:
    """A model on a device."""

    def __init__(self, model: Any, device: str, batch_tokens: int) -> None:
        """Hold a model in evaluation mode.

        Args:
            model: a transformers causal language model.
            device: cpu or cuda.
            batch_tokens: most tokens (rows x longest row) of one pass; halved for good whenever
                memory runs out.
        """
        self.model = model.to(device)
        self.device = device
        self.batch_tokens = batch_tokens
        self.tokens_fed = 0
        self.path = Path(device)
        self.beginning: tuple[tuple[int, ...], Any] = ((), None)
        """Tokens that batches begin with for good, and their cache."""
        self._last_pass = 0

    @property
    def row_tokens(self) -> int:
        """Tokens of one row of a tree that are best.

        Each token looks at all of its row, at a cost of 4 L d beside 24 d^2 for the rest of a
        layer: a row as long as the model is wide (d) wastes less than a sixth.
        """
        width = int(getattr(self.model.config.get_text_config(), "hidden_size", ROW_TOKENS[0]))
        least, most = ROW_TOKENS
        return min(self.batch_tokens, max(least, min(width, most)))

    def within_memory(self, work: Callable[[], Result]) -> Result:
        """Do some work; whenever memory runs out, halve the batches and begin it again.

        Raises:
            ModelError: memory runs out with one token at a time.
        """
        while True:
            try:
                return work()
            except RuntimeError as error:
                if not _out_of_memory(error):
                    raise
            if self.batch_tokens == 1:
                raise ModelError("not enough memory for one token: a smaller model, or a bigger "
                                 "machine")  # fmt: skip
            self.batch_tokens = max(1, min(self.batch_tokens, self._last_pass) // 2)
            self.forget()
            gc.collect()
            if self.device == "cuda":
                torch.cuda.empty_cache()

    def forget(self) -> None:
        """Drop all that is kept from pass to pass."""
        self.path = Path(self.device)
        self.beginning = ((), None)

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
        tokens = stack(rows, 0, "cpu")
        starts = torch.tensor([after] * len(rows) if isinstance(after, int) else list(after))
        positions = starts[:, None] + torch.arange(tokens.shape[1])
        # filling must not stand past the last position there is
        last = max(start + len(row) for start, row in zip(starts.tolist(), rows, strict=True)) - 1
        output = self.run(
            tokens,
            keep,
            position_ids=positions.clamp(max=last).to(self.device),
            attention_mask=None if mask is None else mask.to(self.device),
            past_key_values=cache,
            use_cache=use_cache or cache is not None,
        )
        return output.logits, output.past_key_values

    def run(self, tokens: torch.Tensor, keep: torch.Tensor | int, **more: Any) -> Any:
        """Run (B, L) tokens, counting them; return what the model returns."""
        self._last_pass = tokens.numel()
        self.tokens_fed += tokens.numel()
        return self.model(
            input_ids=tokens.to(self.device),
            logits_to_keep=keep.to(self.device) if isinstance(keep, torch.Tensor) else keep,
            **more,
        )

    def branch(self, cache: Any, lines: Sequence[int]) -> Any:
        """Return a new cache whose rows are these lines of `cache`; any line may stand twice."""
        fresh = copy.copy(cache)
        fresh.layers = [
            copy.copy(layer) if type(layer) in COPIED_BY_REORDER else copy.deepcopy(layer)
            for layer in cache.layers
        ]
        fresh.reorder_cache(torch.tensor(lines, dtype=torch.long, device=self.device))
        return fresh

    def begin_path(self, ids: tuple[int, ...]) -> None:
        """Let the path be these tokens alone; they are fed only if it does not begin with them."""
        if self.path.beginning == ids:
            self.path.rewind(len(ids))
            return
        self.path.rewind(0)
        self.extend_path(ids)
        self.path.beginning = ids

    def extend_path(self, ids: Sequence[int]) -> None:
        """Append tokens to the path, each after the one before."""
        for start in range(0, len(ids), self.batch_tokens):
            part = list(ids[start : start + self.batch_tokens])
            depths = self.path.length + torch.arange(len(part), device=self.device)
            cache = self.path.cache
            self.run(torch.tensor([part]), 1, position_ids=depths[None], past_key_values=cache,
                     use_cache=True)  # fmt: skip
            self.path.note(depths[None], torch.full_like(depths[None], SHARED))

    def feed_path(
        self,
        path: Path,
        ids: torch.Tensor,
        depths: torch.Tensor,
        owners: torch.Tensor,
        sees: torch.Tensor,
        keep: torch.Tensor,
    ) -> torch.Tensor:
        """Append tokens to the rows of a path as trees; return the (kept, V) logits.

        Args:
            path: rows of K places.
            ids: (B, L) token ids.
            depths: (B, L) position of each in its own text.
            owners: (B, L) text that each belongs to.
            sees: (B, L, K + L) bool: which places of its row each goes on after.
            keep: (B, L) bool: whose logits are wanted, row by row.
        """
        path.note(depths, owners)
        distance = depths[:, :, None] - path.depths[:, None]
        output = self.run(
            ids,
            keep,
            position_ids=depths,
            attention_mask=self._mask(sees, distance),
            past_key_values=path.cache,
            use_cache=True,
        )
        logits: torch.Tensor = output.logits
        return logits.reshape(-1, logits.shape[-1])

    def _mask(self, sees: torch.Tensor, distance: torch.Tensor) -> Any:
        """Return what the model adds to its attention scores; by kind of layer if there are two."""
        config = self.model.config.get_text_config()
        window = getattr(config, "sliding_window", None)
        near = sees & (distance < window) if window else sees
        kinds = set(getattr(config, "layer_types", None) or ())
        if kinds & {"sliding_attention"}:
            both = {"full_attention": sees, "sliding_attention": near}
            return {kind: self._bias(places) for kind, places in both.items()}
        return self._bias(sees if kinds else near)

    def _bias(self, sees: torch.Tensor) -> torch.Tensor:
        lowest = torch.finfo(self.model.dtype).min
        bias = torch.zeros(sees.shape, dtype=self.model.dtype, device=self.device)
        return bias.masked_fill_(~sees, lowest)[:, None]

    @cached_property
    def cache_is_plain(self) -> bool:
        """Tell whether every layer keeps keys and values of all places, and nothing else.

        Such rows can be cut, filled up and laid beside others; windows and states cannot.
        """
        _, cache = self.feed([[0]], 1, use_cache=True)
        return all(type(layer) is DynamicLayer for layer in cache.layers)

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


def _out_of_memory(error: RuntimeError) -> bool:
    """Tell an allocation that failed, on any device, from other faults."""
    return isinstance(error, torch.OutOfMemoryError) or any(
        words in str(error) for words in ("out of memory", "can't allocate memory")
    )
