"""Keys and values of a row: the current path of the trie, and what is tried after it.

A pass appends to the row; `rewind` takes back to an earlier length at no cost. So a beginning stays
for all that goes on after it, and nothing is ever copied, but where `lanes` lays rows that begin
alike side by side.
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
        """Append (B, H, L, D) keys and values; return all of the rows."""
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
        """Keep these (B, K) places alone, in this order."""
        if self.is_initialized:
            for buffer in self._buffers:
                for row, kept in zip(buffer, places, strict=True):
                    row[:, : len(kept)] = row.index_select(-2, kept)
            self.cut(places.shape[1])

    def repeat(self, count: int, room: int) -> PathLayer:
        """Return `count` copies of the row side by side, with room for so many places."""
        other = PathLayer()
        if not self.is_initialized:
            return other
        other.lazy_initialization(self.keys, self.values)
        other._buffers = []
        for held in (self.keys, self.values):
            buffer = held.new_empty(count, held.shape[1], room, held.shape[3])
            buffer[:, :, : held.shape[2]] = held
            other._buffers.append(buffer)
        other.cut(self.get_seq_length())
        return other


class Path:
    """The cache of a runner that feeds one row, or rows of one length side by side."""

    def __init__(self, device: str, rows: int = 1) -> None:
        self.cache = Cache(layer_class_to_replicate=PathLayer)
        self.beginning: tuple[int, ...] = ()
        """Tokens that the row begins with for good."""
        self.depths = torch.empty(rows, 0, dtype=torch.long, device=device)
        """(B, K) position of each place in its own text."""
        self.owners = torch.empty(rows, 0, dtype=torch.long, device=device)
        """(B, K) which text a place belongs to; SHARED for all."""

    @property
    def length(self) -> int:
        """Places in each row."""
        return self.depths.shape[1]

    def note(self, depths: torch.Tensor, owners: torch.Tensor) -> None:
        """Remember where the (B, L) tokens of a pass stand."""
        self.depths = torch.cat([self.depths, depths], dim=1)
        self.owners = torch.cat([self.owners, owners], dim=1)

    def rewind(self, length: int) -> None:
        """Forget all places from `length` on."""
        self.depths, self.owners = self.depths[:, :length], self.owners[:, :length]
        for layer in self.cache.layers:
            layer.cut(length)

    def keep(self, places: torch.Tensor) -> None:
        """Keep these (B, K) places alone."""
        self.depths, self.owners = self.depths.gather(1, places), self.owners.gather(1, places)
        for layer in self.cache.layers:
            layer.select(places)

    def lanes(self, count: int, room: int) -> Path:
        """Return a path of `count` rows that each begin as this one does.

        Args:
            count: rows.
            room: places that each may need, with those that are there already.
        """
        other = Path(str(self.depths.device), count)
        other.note(self.depths.repeat(count, 1), self.owners.repeat(count, 1))
        other.cache.layers = [layer.repeat(count, room) for layer in self.cache.layers]
        return other


SHARED = -1
"""Owner of a place that every text goes on after."""
