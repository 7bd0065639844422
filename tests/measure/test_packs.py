from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st
from made import fuzz, request

from evaluator.core.records import Request
from evaluator.measure.packs import PACK_REQUESTS, plan_packs

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
def test_packs_hold_all_requests_in_order_and_whole_items(
    drawn: list[tuple[int, bool, str]],
) -> None:
    requests = requests_of(drawn)
    packs = plan_packs(requests)
    assert [r for pack in packs for r in pack.requests] == requests
    items = [item for pack in packs for item in {r.item for r in pack.requests}]
    assert len(items) == len(set(items))
    for pack in packs:
        assert len({(r.generate, r.prompt.shots, r.prompt.description) for r in pack.requests}) == 1
    assert packs == plan_packs(list(requests))
    assert len({pack.id for pack in packs}) == len(packs)


def test_a_pack_is_bounded_but_never_parts_an_item() -> None:
    packs = plan_packs(requests_of([(9, False, "")] * 100))
    sizes = [len(pack.requests) for pack in packs]
    assert max(sizes) <= PACK_REQUESTS
    assert all(size + 9 > PACK_REQUESTS for size in sizes[:-1])
    (giant,) = plan_packs(requests_of([(PACK_REQUESTS + 50, False, "")]))
    assert [key for key, _ in groupby(r.item for r in giant.requests)] == ["0"]


def test_a_pack_is_named_by_what_is_sent() -> None:
    (one,) = plan_packs(requests_of([(2, False, "")]))
    (same,) = plan_packs(requests_of([(2, False, "")]))
    (other,) = plan_packs(requests_of([(2, False, "a")]))
    assert one.id == same.id != other.id


def test_no_requests_make_no_packs() -> None:
    assert plan_packs([]) == []
