"""Greedy generation: each text ends by its own stop string, end of text or length, and leaves.

In one row, a step feeds the last token of every text that goes on and the next tokens of prompts
that begin, so that a text that ends makes room for the next one at once. What all prompts begin
with is computed once. Models that take no trees write in batches that are filled up on the left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from evaluator.backends.path import SHARED
from evaluator.backends.runner import Runner
from evaluator.backends.sharing import Sharing
from evaluator.backends.trie import Row, share_beginning
from evaluator.core.errors import ModelError

ROWS_AHEAD = 4
"""Places of the texts being written may exceed the tokens of one row by this factor."""


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
        text = cut = self._decode(kept)
        for stop in self.stop:
            cut = cut.split(stop)[0]
        if not done and cut == text:
            return None
        finish = "stop" if at_end or cut != text else "length"
        return Written(text=cut, finish=finish, tokens=len(written))

    def _decode(self, ids: list[int]) -> str:
        text: str = self.tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text


@dataclass(slots=True)
class _Draft:
    """A text that is being written."""

    owner: int
    """Its number."""
    ahead: deque[int]
    """Tokens to feed next, in order: the rest of its prompt, or the last token written."""
    depth: int
    """Position of the next token to feed."""
    written: list[int] = field(default_factory=list)


def write_greedily(
    runner: Runner,
    sharing: Sharing,
    prompts: Sequence[Row],
    ending: Ending,
    beginning: Row = (),
) -> list[Written]:
    """Write after each prompt; equal prompts once.

    Args:
        runner: the model.
        sharing: how it shares.
        prompts: ids, at least one each.
        ending: what ends a text.
        beginning: tokens that these and other prompts of the task begin with.

    Raises:
        ModelError: logits that are no numbers.
    """
    distinct = sorted(set(prompts), key=lambda prompt: (-len(prompt), prompt))
    longest = len(distinct[0]) + ending.max_tokens
    if sharing.path == "tree" and not (sharing.longest and longest > sharing.longest):
        found = _Desk(runner, ending, share_beginning(distinct, beginning)).write(distinct)
    else:
        found = _write_in_batches(runner, distinct, ending)
    return [found[prompt] for prompt in prompts]


class _Desk:
    """The texts being written in one row."""

    def __init__(self, runner: Runner, ending: Ending, shared: Row) -> None:
        self._runner = runner
        self._ending = ending
        self._shared = len(shared)
        self._drafts: list[_Draft] = []
        runner.begin_path(shared)

    def write(self, prompts: Sequence[Row]) -> dict[Row, Written]:
        """Return prompt -> text."""
        found: dict[Row, Written] = {}
        waiting = deque(enumerate(prompts))
        while waiting or self._drafts:
            while waiting and self._has_room(waiting[0][1]):
                owner, prompt = waiting.popleft()
                self._drafts.append(_Draft(owner, deque(prompt[self._shared :]), self._shared))
            for owner, text in self._step():
                found[prompts[owner]] = text
            self._clear_up()
        self._runner.path.rewind(self._shared)
        return found

    def _has_room(self, prompt: Row) -> bool:
        """Tell whether one more text fits; one always does."""
        most = ROWS_AHEAD * self._runner.row_tokens
        places = [len(prompt) - self._shared]
        places += [draft.depth - self._shared + len(draft.ahead) for draft in self._drafts]
        return not self._drafts or sum(p + self._ending.max_tokens for p in places) <= most

    def _step(self) -> list[tuple[int, Written]]:
        """Feed one row; return (number, text) of those that end with it."""
        ids: list[int] = []
        depths: list[int] = []
        owners: list[int] = []
        last: list[tuple[int, _Draft]] = []  # (place in the row, text whose next token it predicts)
        for draft in self._drafts:
            count = min(len(draft.ahead), max(1, self._runner.row_tokens - len(ids)))
            ids += [draft.ahead.popleft() for _ in range(count)]
            depths += range(draft.depth, draft.depth + count)
            owners += [draft.owner] * count
            draft.depth += count
            if not draft.ahead:
                last.append((len(ids) - 1, draft))
        return self._take(last, self._feed(ids, depths, owners, [place for place, _ in last]))

    def _feed(
        self, ids: list[int], depths: list[int], owners: list[int], last: list[int]
    ) -> list[int]:
        """Return the likeliest token after each of these places of the row."""
        path, device = self._runner.path, self._runner.device
        depth = torch.tensor(depths, device=device)
        owner = torch.tensor(owners, device=device)
        all_owners = torch.cat([path.owners, owner])
        mine = (all_owners == owner[:, None]) | (all_owners == SHARED)
        sees = mine & (torch.cat([path.depths, depth]) <= depth[:, None])
        keep = torch.zeros(len(ids), dtype=torch.bool)
        keep[last] = True
        logits = self._runner.feed_path(ids, depth, owner, sees, keep)
        return likeliest(logits).tolist() if last else []

    def _take(
        self, last: list[tuple[int, _Draft]], following: list[int]
    ) -> list[tuple[int, Written]]:
        """Append the new tokens; take away the texts that they end."""
        ended = []
        for (_, draft), token in zip(last, following, strict=True):
            draft.written.append(token)
            draft.ahead.append(token)
            text = self._ending.finish(draft.written)
            if text is not None:
                ended.append((draft.owner, text))
        gone = {owner for owner, _ in ended}
        self._drafts = [draft for draft in self._drafts if draft.owner not in gone]
        return ended

    def _clear_up(self) -> None:
        """Drop the places of texts that have ended once they are half of the row."""
        path = self._runner.path
        alive = torch.tensor([SHARED, *(draft.owner for draft in self._drafts)])
        used = torch.isin(path.owners, alive.to(path.owners.device))
        if path.length - int(used.sum()) > max(self._runner.row_tokens, path.length // 2):
            path.keep(used.nonzero()[:, 0])


def likeliest(logits: torch.Tensor) -> torch.Tensor:
    """Return (R,) the likeliest token of each row of (R, V) logits.

    Raises:
        ModelError: logits that are no numbers.
    """
    best, following = logits.float().max(dim=-1)
    if not torch.isfinite(best).all():
        raise ModelError("the model gives logits that are no numbers: check its weights")
    return following


def _write_in_batches(runner: Runner, prompts: Sequence[Row], ending: Ending) -> dict[Row, Written]:
    """Write after prompts, longest first, in batches within the token budget."""
    found: dict[Row, Written] = {}
    while len(found) < len(prompts):
        width = len(prompts[len(found)]) + ending.max_tokens
        size = max(1, runner.batch_tokens // width)
        batch = prompts[len(found) : len(found) + size]
        found |= zip(batch, _write_batch(runner, batch, ending), strict=True)
    return found


def _write_batch(runner: Runner, prompts: Sequence[Row], ending: Ending) -> list[Written]:
    device = runner.device
    length = max(map(len, prompts))
    tokens = torch.tensor([[0] * (length - len(p)) + list(p) for p in prompts], device=device)
    mask = torch.tensor([[0] * (length - len(p)) + [1] * len(p) for p in prompts], device=device)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    written: list[list[int]] = [[] for _ in prompts]
    ended: dict[int, Written] = {}
    alive = list(range(len(prompts)))
    cache = None
    while alive:
        output = runner.run(
            tokens,
            1,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
        )
        cache = output.past_key_values
        following = likeliest(output.logits[:, -1])
        stay = []
        for line, (row, token) in enumerate(zip(alive, following.tolist(), strict=True)):
            written[row].append(token)
            text = ending.finish(written[row])
            if text is None:
                stay.append(line)
            else:
                ended[row] = text
        alive = [alive[line] for line in stay]
        if len(stay) < len(mask):
            kept = torch.tensor(stay, dtype=torch.long, device=device)
            cache.reorder_cache(kept)
            following, mask, positions = following[kept], mask[kept], positions[kept]
        tokens = following[:, None]
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
        positions = positions[:, -1:] + 1
    return [ended[row] for row in range(len(prompts))]
