"""What ends a text that is being written, and which token comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from evaluator.backends.numbers import CHECK
from evaluator.backends.respond import cut_at
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
    tokenizer: Any
    """Turns tokens into text."""

    def finish(self, written: list[int]) -> Written | None:
        """Return the text if its last token ends it."""
        at_end = written[-1] in self.end_ids
        kept = written[:-1] if at_end else written
        # a stop string that has just been completed stands in the last tokens, a byte each at least
        near = 8 + max((len(stop.encode()) for stop in self.stop), default=0)
        tail = self._decode(kept[-near:])
        done = at_end or len(written) >= self.max_tokens
        if not done and not any(stop in tail for stop in self.stop):
            return None
        text = self.close(written)
        return text if done or text.finish == "stop" else None

    def close(self, written: list[int]) -> Written:
        """Return the text of tokens that nothing more comes after, up to its first stop string."""
        at_end = written[-1] in self.end_ids
        text = self._decode(written[:-1] if at_end else written)
        cut = cut_at(text, self.stop)
        finish = "stop" if at_end or cut != text else "length"
        return Written(text=cut, finish=finish, tokens=len(written))

    def _decode(self, ids: list[int]) -> str:
        text: str = self.tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text


def end_ids(generation: Any, tokenizer: Any) -> frozenset[int]:
    """Return the tokens that mean the end of the text: the model's and the tokenizer's.

    Args:
        generation: the model's configuration of generation.
        tokenizer: of transformers.
    """
    named = generation.eos_token_id
    ids = (*(named if isinstance(named, list) else [named]), tokenizer.eos_token_id)
    return frozenset(i for i in ids if i is not None)


def likeliest(logits: torch.Tensor) -> torch.Tensor:
    """Return (R,) the likeliest token of each row of (R, V) logits.

    Raises:
        ModelError: logits that are no numbers.
    """
    best, following = logits.float().max(dim=-1)
    if not torch.isfinite(best).all():
        raise ModelError(f"the model gives logits that are no numbers: {CHECK}")
    return following
