"""Batches: every row in one of them, within the budget, filled up on the right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from made import fuzz

from evaluator.backends.batches import cut_batches, mask_of, stack


@fuzz
@given(st.lists(st.integers(0, 40), max_size=30), st.integers(1, 100))
def test_every_row_is_in_one_batch_and_only_a_long_one_exceeds_the_budget(
    lengths: list[int], budget: int
) -> None:
    batches = list(cut_batches(lengths, budget))
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[place] for place in batch) <= budget


def test_rows_are_filled_up_on_the_right_and_masked_there() -> None:
    rows = [[1, 2, 3], (4,)]
    assert stack(rows, 9, "cpu").tolist() == [[1, 2, 3], [4, 9, 9]]
    assert mask_of(rows, "cpu").tolist() == [[1, 1, 1], [1, 0, 0]]
