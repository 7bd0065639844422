from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st
from made import fuzz, request, response

from evaluator.core.records import Request
from evaluator.measure.packs import PACK_REQUESTS, Pack, cut_shard, in_order, plan_packs

ITEMS = st.lists(
    st.tuples(st.integers(1, 9), st.booleans(), st.sampled_from(["", "a", "b"])), max_size=60
)


def requests_of(drawn: list[tuple[int, bool, str]]) -> list[Request]:
    return [
        request(
            str(number),
            index=index,
            generate=generate,
            continuation=f" {index}",
            shots=((shot, shot),) if shot else (),
        )
        for number, (choices, generate, shot) in enumerate(drawn)
        for index in range(1 if generate else choices)
    ]


@fuzz
@given(ITEMS)
def test_packs_hold_each_request_once_and_whole_items(drawn: list[tuple[int, bool, str]]) -> None:
    requests = requests_of(drawn)
    packs = plan_packs(requests)
    assert sorted(place for pack in packs for place in pack.places) == list(range(len(requests)))
    for pack in packs:
        assert pack.requests == tuple(requests[place] for place in pack.places)
        assert list(pack.places) == sorted(pack.places)
    items = [item for pack in packs for item in {r.item for r in pack.requests}]
    assert len(items) == len(set(items))
    for pack in packs:
        assert len({r.generate for r in pack.requests}) == 1
    assert packs == plan_packs(list(requests))
    assert len({pack.id for pack in packs}) == len(packs)


def test_a_pack_is_bounded_but_never_parts_an_item() -> None:
    packs = plan_packs(requests_of([(9, False, "")] * 100))
    sizes = [len(pack.requests) for pack in packs]
    assert max(sizes) <= PACK_REQUESTS
    assert all(size + 9 > PACK_REQUESTS for size in sizes[:-1])
    (giant,) = plan_packs(requests_of([(PACK_REQUESTS + 50, False, "")]))
    assert [key for key, _ in groupby(r.item for r in giant.requests)] == ["0"]


def test_items_of_one_beginning_stand_together_wherever_they_stood() -> None:
    mixed = requests_of([(4, False, "ab"[i % 2]) for i in range(PACK_REQUESTS // 2)])
    packs = plan_packs(mixed)
    assert [{r.prompt.shots for r in pack.requests} for pack in packs] == [
        {(("a", "a"),)},
        {(("b", "b"),)},
    ]


def test_beginnings_with_few_items_share_a_pack() -> None:
    drawn = requests_of([(4, False, str(i)) for i in range(PACK_REQUESTS // 2)])
    assert [len(pack.requests) for pack in plan_packs(drawn)] == [PACK_REQUESTS, PACK_REQUESTS]


@fuzz
@given(ITEMS)
def test_responses_come_back_in_the_order_of_the_request_list(
    drawn: list[tuple[int, bool, str]],
) -> None:
    requests = requests_of(drawn)
    packs = plan_packs(requests)
    answered = [[response(r.item, r.index) for r in pack.requests] for pack in packs]
    found = [(r.item, r.index) for r in in_order(packs, answered)]
    assert found == [(r.item, r.index) for r in requests]


def test_a_pack_is_named_by_what_is_sent() -> None:
    (one,) = plan_packs(requests_of([(2, False, "")]))
    (same,) = plan_packs(requests_of([(2, False, "")]))
    (other,) = plan_packs(requests_of([(2, False, "a")]))
    assert one.id == same.id != other.id


def test_no_requests_make_no_packs() -> None:
    assert plan_packs([]) == []


@fuzz
@given(st.lists(st.integers(1, 300), max_size=40), st.integers(1, 12))
def test_every_pack_belongs_to_exactly_one_shard(sizes: list[int], count: int) -> None:
    asked = request()
    whole = [
        Pack(id=f"{at:04}", requests=(asked,) * size, places=tuple(range(size)))
        for at, size in enumerate(sizes)
    ]
    parts = [cut_shard(whole, index, count) for index in range(1, count + 1)]
    assert sorted(pack.id for part in parts for pack in part) == [pack.id for pack in whole]
