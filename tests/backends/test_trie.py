from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from made import fuzz

from evaluator.backends.tree import grow_tree, grow_trees
from evaluator.backends.trie import LEAST_SAVED, LEAST_SHARED, Branch, Pair, Row, plan_branches

ROWS = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=8).map(tuple), min_size=1,
                max_size=12, unique=True)  # fmt: skip
LONG = st.integers(0, 300).map(lambda n: (7,) * n)


def contexts_of(branch: Branch, before: Row = ()) -> Iterator[tuple[Row, Row]]:
    """Yield (what is fed above a context, the context)."""
    here = before + branch.ids
    yield from ((here, stem) for stem in branch.stems)
    for child in branch.branches:
        yield from contexts_of(child, here)


def fed(root: Branch) -> int:
    """Tokens fed if nothing is shared inside a batch."""
    return root.tokens + sum(len(stem) - len(above) for above, stem in contexts_of(root))


@fuzz
@given(ROWS, LONG, LONG, st.sampled_from([0, 4, 64]))
def test_every_context_stands_once_below_what_it_begins_with(
    rows: list[Row], first: Row, second: Row, free: int
) -> None:
    stems = [first + row for row in rows] + [(*first, 9, *second, *row) for row in rows]
    root = plan_branches(stems, first, free)
    found = list(contexts_of(root))
    assert sorted(stem for _, stem in found) == sorted(stems)
    assert all(len(above) < len(stem) and stem[: len(above)] == above for above, stem in found)
    assert fed(root) <= sum(map(len, stems))
    if len(first) >= LEAST_SHARED + 1:
        assert root.ids == first[: len(root.ids)]
        assert len(root.ids) >= len(first) - 1


def test_shots_passages_and_questions_are_each_fed_once() -> None:
    shots, passage, other = (1,) * 400, (2,) * 300, (3,) * 200
    stems = [shots + passage + (4, n) for n in range(5)] + [shots + other + (n,) for n in range(9)]
    stems += [(*shots, 5, 6)]
    root = plan_branches(stems, shots)
    assert (root.ids, root.stems) == (shots, ((*shots, 5, 6),))
    assert {branch.ids for branch in root.branches} == {(*passage, 4), other}
    assert fed(root) == len(shots) + len(passage) + 1 + 5 + len(other) + 9 + 2


def test_a_short_beginning_gets_no_pass_of_its_own() -> None:
    stems = [(1,) * (LEAST_SHARED - 1) + (n,) for n in range(3)]
    assert plan_branches(stems, stems[0]) == Branch((), tuple(sorted(stems)), ())
    few = [(1,) * 30 + (2,) * 20 + (n,) for n in range(3)]
    assert LEAST_SAVED > 2 * 20
    assert plan_branches(few, (1,) * 30) == Branch((1,) * 30, tuple(few), ())


def test_what_fits_one_row_is_left_to_the_row() -> None:
    stems = [(2,) * 300 + (n,) for n in range(10)]
    assert plan_branches(stems, (), free=400) == Branch((), tuple(stems), ())
    (branch,) = plan_branches(stems, (), free=100).branches
    assert branch.ids == (2,) * 300


def test_a_context_much_longer_than_a_row_is_fed_before_its_last_token() -> None:
    (branch,) = plan_branches([(3,) * 900], (), free=100).branches
    assert (branch.ids, branch.stems) == ((3,) * 899, ((3,) * 900,))
    assert plan_branches([(3,) * 900], (), free=0).branches == ()


def test_hundreds_of_contexts_inside_one_another_are_no_trouble() -> None:
    stems = [(1,) * n for n in range(1, 400)]
    root = plan_branches(stems)
    assert sorted(stem for _, stem in contexts_of(root)) == stems


# --- rows ---


@fuzz
@given(ROWS, ROWS, st.integers(0, 2))
def test_a_tree_holds_each_beginning_once_and_every_token_sees_its_ancestors(
    stems: list[Row], answers: list[Row], depth: int
) -> None:
    shared = (8,) * depth
    contexts = sorted(shared + stem for stem in stems)
    conts = dict.fromkeys(contexts, answers)
    tree = grow_tree(contexts, conts, depth)
    paths = {(stem + cont)[depth:-1] for stem in contexts for cont in answers}
    nodes = {path[:n] for path in paths for n in range(1, len(path) + 1)}
    assert len(tree.ids) == len(nodes) == len(tree.depths) == len(tree.ends)

    def text(place: int) -> Row:
        above = [i for i in range(place + 1) if i <= place < tree.ends[i]]
        assert [tree.depths[i] for i in above] == list(range(len(above)))
        return shared + tuple(tree.ids[i] for i in above)

    assert {text(place)[depth:] for place in range(len(tree.ids))} == nodes
    assert tree.places.keys() == {Pair(stem, cont) for stem in contexts for cont in answers}
    for pair, places in tree.places.items():
        assert [text(p) for p in places] == [pair.stem + pair.cont[:n] for n in range(len(places))]
        assert len(places) == len(pair.cont)


@fuzz
@given(ROWS, st.integers(1, 30))
def test_rows_stay_within_their_length_and_part_no_context(stems: list[Row], most: int) -> None:
    conts = {stem: [(1,), (1, 2)] for stem in stems}
    trees = list(grow_trees(sorted(stems), conts, 0, most))
    pairs = [pair for tree in trees for pair in tree.places]
    assert len(pairs) == len(set(pairs)) == 2 * len(stems)
    for tree in trees:
        assert len(tree.ids) <= most or len({pair.stem for pair in tree.places}) == 1
