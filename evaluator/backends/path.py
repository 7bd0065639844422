"""Keys and values of one row: the current path of the trie, and what is tried after it.

A pass appends to the row; `rewind` takes back to an earlier length at no cost. So a beginning stays
for all that goes on after it, and nothing is ever copied.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicLayer


class PathLayer(DynamicLayer):  # type: ignore[misc]  # transformers has no types
    """One layer's keys and values in buffers that grow by doubling."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append (1, H, L, D) keys and values; return all of the row."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self._buffers = [key_states[..., :0, :], value_states[..., :0, :]]
            self.keys, self.values = self._buffers
        start = self.get_seq_length()
        end = start + key_states.shape[-2]
        for i, fresh in enumerate((key_states, value_states)):
            if self._buffers[i].shape[-2] < end:
                room = fresh.new_empty(*fresh.shape[:-2], max(2 * start, end), fresh.shape[-1])
                room[..., :start, :] = self._buffers[i][..., :start, :]
                self._buffers[i] = room
            self._buffers[i][..., start:end, :] = fresh
        self.cut(end)
        return self.keys, self.values

    def cut(self, length: int) -> None:
        """Forget all places from `length` on."""
        if self.is_initialized:
            self.keys, self.values = (buffer[..., :length, :] for buffer in self._buffers)

    def select(self, places: torch.Tensor) -> None:
        """Keep these places alone, in this order."""
        if self.is_initialized:
            for buffer in self._buffers:
                buffer[..., : len(places), :] = buffer.index_select(-2, places)
            self.cut(len(places))


class Path:
    """The cache of a runner that feeds one row."""

    def __init__(self, device: str) -> None:
        self.cache = Cache(layer_class_to_replicate=PathLayer)
        self.beginning: tuple[int, ...] = ()
        """Tokens that the row begins with for good."""
        self.depths = torch.empty(0, dtype=torch.long, device=device)
        """(K,) position of each place in its own text."""
        self.owners = torch.empty(0, dtype=torch.long, device=device)
        """(K,) which text a place belongs to; SHARED for all."""

    @property
    def length(self) -> int:
        """Places in the row."""
        return len(self.depths)

    def note(self, depths: torch.Tensor, owners: torch.Tensor) -> None:
        """Remember where the tokens of a pass stand."""
        self.depths = torch.cat([self.depths, depths])
        self.owners = torch.cat([self.owners, owners])

    def rewind(self, length: int) -> None:
        """Forget all places from `length` on."""
        self.depths, self.owners = self.depths[:length], self.owners[:length]
        for layer in self.cache.layers:
            layer.cut(length)

    def keep(self, places: torch.Tensor) -> None:
        """Keep these places alone."""
        self.depths, self.owners = self.depths[places], self.owners[places]
        for layer in self.cache.layers:
            layer.select(places)


SHARED = -1
"""Owner of a place that every text goes on after."""
