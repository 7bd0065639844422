"""The one ranking function: a golden board, and laws that hold for any board."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.board.publish import ranking_data
from evaluator.board.ranking import Ranking, for_ranking, rank
from evaluator.board.submissions import read_tree
from evaluator.board.tree import Entry, Standing, Tree
from evaluator.core import columns
from evaluator.core.records import FloatArray
from evaluator.tasks import locked_request_set

ROOT = Path(__file__).parents[2]
TREE = read_tree(ROOT / "submissions")
SUITE = TREE.board.suites["starter"]
MODEL = next(e for e in TREE.entries if e.submission.id == "starter/small")
TASKS = SUITE.tasks


def model(name: str, seed: int, skill: float) -> Entry:
    """A copy of a real entry whose item columns are drawn anew: right with chance `skill`."""
    rng = np.random.default_rng(seed)
    results = []
    for standing in MODEL.results:
        result = copy.deepcopy(standing.result)
        result["submission"] = name
        unpacked = {
            key: columns.unpack(key, text, result["n"]) for key, text in result["columns"].items()
        }
        right = (rng.random(result["n"]) < skill).astype(float)
        redraw(unpacked, right, len(result["classes"]))
        result["columns"] = {key: columns.pack(key, unpacked[key]) for key in unpacked}
        found = result["metrics"][result["primary"]]
        found["value"] = float(right.mean())
        results.append(Standing(path=standing.path, result=result))
    submission = replace(MODEL.submission, id=name, title=name)
    return replace(MODEL, submission=submission, results=tuple(results))


def redraw(unpacked: dict[str, FloatArray], right: FloatArray, classes: int) -> None:
    unpacked["correct"] = right
    if "gold" in unpacked:
        wrong = (unpacked["gold"] + 1) % classes
        unpacked["pred"] = np.where(right == 1, unpacked["gold"], wrong)


def ranked(*entries: Entry) -> Ranking:
    return rank(Tree(board=TREE.board, entries=entries, decisions=()), SUITE)


models = st.lists(st.tuples(st.integers(0, 40), st.floats(0, 1)), min_size=1, max_size=6).map(
    lambda drawn: [model(f"org/m{i}", seed, skill) for i, (seed, skill) in enumerate(drawn)]
)


@settings(max_examples=25, deadline=None)
@given(models, st.randoms(use_true_random=False))
def test_order_of_input_does_not_matter(entries, random):
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert ranking_data(ranked(*entries)) == ranking_data(ranked(*shuffled))


@settings(max_examples=25, deadline=None)
@given(models)
def test_adding_a_model_changes_nobodys_score(entries):
    before = {p.entry.submission.id: (p.index, p.low, p.areas) for p in ranked(*entries).places}
    more = ranked(*entries, model("org/new", 99, 0.7))
    after = {p.entry.submission.id: (p.index, p.low, p.areas) for p in more.places}
    after.pop("org/new")
    assert after == before


@settings(max_examples=25, deadline=None)
@given(models)
def test_equal_models_share_rank_interval_and_tie_group(entries):
    twin = replace(
        entries[0], submission=replace(entries[0].submission, id="org/twin", title="twin")
    )
    places = {p.entry.submission.id: p for p in ranked(*entries, twin).places}
    one, other = places["org/m0"], places["org/twin"]
    assert (one.best_rank, one.worst_rank) == (other.best_rank, other.worst_rank)
    assert one.tie_group == other.tie_group
    assert one.index == other.index


@settings(max_examples=25, deadline=None)
@given(models)
def test_rank_intervals_hold_the_position_in_the_table(entries):
    for position, place in enumerate(ranked(*entries).places, 1):
        assert place.best_rank <= position <= place.worst_rank


def test_ranking_twice_changes_nothing():
    assert ranking_data(rank(TREE, SUITE)) == ranking_data(rank(TREE, SUITE))


def test_index_is_the_mean_over_areas_of_skill_above_the_guesser():
    entry = model("org/half", 3, 0.5)
    place = ranked(entry).places[0]
    skills = []
    for task in TASKS:
        locked = locked_request_set(task)
        assert locked is not None
        value = next(
            s.result["metrics"][s.result["primary"]]["value"]
            for s in entry.results
            if s.result["task"]["name"] == task
        )
        skills.append(100 * (value - locked.baseline) / (1 - locked.baseline))
    assert place.index == pytest.approx(np.mean(skills))


def test_a_clearly_better_model_is_told_apart_and_a_close_one_is_not():
    places = ranked(
        model("org/good", 1, 0.9), model("org/bad", 2, 0.3), model("org/bad2", 3, 0.3)
    ).places
    good, *bad = places
    assert (good.best_rank, good.worst_rank, good.tie_group) == (1, 1, 1)
    assert {(p.best_rank, p.worst_rank, p.tie_group) for p in bad} == {(2, 3, 2)}


def test_a_gap_keeps_a_model_out_of_the_ranking_with_its_reason():
    entry = model("org/gap", 1, 0.9)
    kept = tuple(s for s in entry.results if s.result["task"]["name"] != TASKS[0])
    found = ranked(replace(entry, results=kept))
    assert not found.places
    assert found.unranked[0].cells[TASKS[0]].state == "pending"
    declined = replace(entry, results=kept, declines={TASKS[0]: "trained on it"})
    assert ranked(declined).unranked[0].cells[TASKS[0]].reason == "trained on it"


def test_a_served_model_has_an_index_and_no_rank():
    entry = model("org/served", 1, 0.9)
    served = replace(entry, submission=replace(entry.submission, kind="served", answers="logprobs"))
    found = ranked(served)
    assert not found.places
    assert found.unranked[0].index == ranked(entry).places[0].index


def test_of_one_run_what_was_scored_anew_is_official():
    entry = model("org/mended", 1, 0.9)
    first, *others = entry.results
    again = copy.deepcopy(first)
    again.result["metrics"][again.result["primary"]]["value"] = 0.125
    again = replace(again, path=first.path.removesuffix(".json") + ".s2.json")
    for results in ((first, again, *others), (again, first, *others)):
        cell = ranked(replace(entry, results=results)).places[0].cells[first.result["task"]["name"]]
        assert (cell.value, cell.standing) == (0.125, again)


def test_equal_models_stand_by_name_whatever_rounding_the_sums_left():
    names = [f"org/m{i}" for i in range(6)]
    twins = [replace(model("org/m0", 3, 0.5), submission=replace(MODEL.submission, id=name))
             for name in reversed(names)]  # fmt: skip
    twins[0].results[0].result["metrics"][twins[0].results[0].result["primary"]]["value"] += 1e-13
    assert [place.entry.submission.id for place in ranked(*twins).places] == names


def test_a_result_on_another_request_set_is_stale_and_never_ranked():
    entry = model("org/old", 1, 0.9)
    results = copy.deepcopy(entry.results)
    results[0].result["request_set"]["sha256"] = "0" * 64
    found = ranked(replace(entry, results=results))
    task = results[0].result["task"]["name"]
    assert found.unranked[0].cells[task].state == "stale"


def test_decisions_exclude_restore_and_withdraw():
    entry = model("org/m", 1, 0.9)
    exclude = {
        "action": "exclude", "submission": "org/m", "task": TASKS[0], "date": "2026-01-01",
        "by": "who", "reason": "leaked test items", "schema": 1,
    }  # fmt: skip
    restore = {**exclude, "action": "restore", "date": "2026-01-02"}

    def state(*decisions):
        tree = Tree(board=TREE.board, entries=(entry,), decisions=decisions)
        found = rank(tree, SUITE)
        return found.unranked[0].cells[TASKS[0]].state if found.unranked else "ranked"

    assert state(exclude) == "excluded"
    assert state(exclude, restore) == "ranked"
    assert state({**exclude, "action": "withdraw"}) == "withdrawn"


def test_the_earliest_run_is_official():
    entry = model("org/m", 1, 0.9)
    late = copy.deepcopy(entry.results[0])
    late.result["run"]["started"] = "2030-01-01T00:00:00Z"
    late.result["responses"]["sha256"] = "f" * 64
    place = ranked(replace(entry, results=(late, *entry.results))).places[0]
    task = late.result["task"]["name"]
    assert place.cells[task].standing is entry.results[0]


def test_golden_board():
    """Two invented models on the starter suite; recorded once, equal for ever."""
    data = ranking_data(ranked(model("org/a", 11, 0.8), model("org/b", 12, 0.6)))
    shown = [(r["model"], r["best_rank"], r["worst_rank"], r["tie_group"]) for r in data["ranked"]]
    assert shown == [("org/a", 1, 1, "A"), ("org/b", 2, 2, "B")]


def test_what_ranking_keeps_of_a_result_has_the_columns_that_scores_need():
    result = copy.deepcopy(MODEL.results[0].result)
    result["columns"]["cluster"] = "packed"
    assert for_ranking(result)["columns"].keys() >= {"correct", "cluster"}
