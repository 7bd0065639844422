"""Requests -> packs: the unit of work, of resume and of hand-out.

A pack holds requests that share their prompt's beginning (description and shots), so that a backend
can compute it once. Beginnings with few items, such as shots drawn anew for each, fill packs
together. Packs are a pure function of the request list: they do not depend on the machine, on what
is already done, or on how many workers there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from evaluator.core.files import hash_json
from evaluator.core.records import Request, Response
from evaluator.measure.requests import sent

PACK_REQUESTS = 256
"""Most requests in a pack: what is lost at most when a process dies."""

Placed = tuple[int, Request]
"""(place in the request list, request)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Some requests that are answered together."""

    id: str
    """sha256 of everything that is sent."""
    requests: tuple[Request, ...]
    """In the order of the request list; the choices of an item are never parted."""
    places: tuple[int, ...]
    """Where each stands in the request list."""


def plan_packs(requests: Sequence[Request]) -> list[Pack]:
    """Cut the request list into packs: same kind, whole items, as few beginnings as can be."""
    packs: list[Pack] = []
    current: list[Placed] = []
    for items in _by_beginning(requests):
        size = sum(len(item) for item in items)
        fits = len(current) + size <= PACK_REQUESTS
        if current and not (fits and _asks_alike(current[0][1], items[0][0][1])):
            packs.append(_close(current))
            current = []
        for item in items:
            if current and len(current) + len(item) > PACK_REQUESTS:
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


def in_order(packs: Sequence[Pack], answered: Sequence[Sequence[Response]]) -> list[Response]:
    """Return the responses of packs in the order of the request list."""
    placed = [
        (place, response)
        for pack, responses in zip(packs, answered, strict=True)
        for place, response in zip(pack.places, responses, strict=True)
    ]
    return [response for _, response in sorted(placed, key=lambda pair: pair[0])]


def _by_beginning(requests: Sequence[Request]) -> Iterator[list[list[Placed]]]:
    """Yield the items, as their requests, of each beginning; in the order of its first item."""
    groups: dict[tuple[object, ...], list[list[Placed]]] = {}
    for _, of_item in groupby(enumerate(requests), key=lambda placed: placed[1].item):
        item = list(of_item)
        groups.setdefault(_beginning(item[0][1]), []).append(item)
    yield from groups.values()


def _beginning(request: Request) -> tuple[object, ...]:
    prompt = request.prompt
    return *_kind(request), prompt.description, prompt.shots


def _kind(request: Request) -> tuple[object, ...]:
    return request.generate, request.stop, request.max_tokens


def _asks_alike(one: Request, other: Request) -> bool:
    return _kind(one) == _kind(other)


def _close(placed: list[Placed]) -> Pack:
    placed.sort(key=lambda pair: pair[0])
    requests = tuple(request for _, request in placed)
    return Pack(
        id=hash_json([sent(request) for request in requests]),
        requests=requests,
        places=tuple(place for place, _ in placed),
    )
