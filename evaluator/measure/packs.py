"""Requests -> packs: the unit of work, of resume and of hand-out.

A pack is a run of requests that share their prompt's beginning (description and shots), so that
a backend can compute it once. Packs are a pure function of the request list: they do not depend on
the machine, on what is already done, or on how many workers there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from evaluator.core.files import hash_json
from evaluator.core.records import Request
from evaluator.measure.requests import sent

PACK_REQUESTS = 256
"""Most requests in a pack: what is lost at most when a process dies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Some requests that are answered together."""

    id: str
    """sha256 of everything that is sent."""
    requests: tuple[Request, ...]
    """In the order of the request list; the choices of an item are never parted."""


def plan_packs(requests: Sequence[Request]) -> list[Pack]:
    """Cut the request list into packs: same kind, same beginning, whole items."""
    packs: list[Pack] = []
    current: list[Request] = []
    for _, of_item in groupby(requests, key=lambda request: request.item):
        item = list(of_item)
        if current and (
            _beginning(current[0]) != _beginning(item[0])
            or len(current) + len(item) > PACK_REQUESTS
        ):
            packs.append(_close(current))
            current = []
        current += item
    if current:
        packs.append(_close(current))
    return packs


def cut_shard(packs: Sequence[Pack], index: int, count: int) -> list[Pack]:
    """Return the packs of shard `index` of `count`, counted from 1.

    Shards are runs of the pack list with about as many requests each, so that packs which share a
    beginning mostly stay together. Every pack is in exactly one shard, whoever asks.
    """
    total = sum(len(pack.requests) for pack in packs)
    before, mine = 0, []
    for pack in packs:
        middle = before + len(pack.requests) / 2
        if int(middle * count / total) == index - 1:
            mine.append(pack)
        before += len(pack.requests)
    return mine


def _beginning(request: Request) -> tuple[object, ...]:
    return request.generate, request.prompt.description, request.prompt.shots


def _close(requests: list[Request]) -> Pack:
    return Pack(id=hash_json([sent(r) for r in requests]), requests=tuple(requests))
