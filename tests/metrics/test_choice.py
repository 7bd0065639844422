from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from made import example, scored

from evaluator.core.records import Example, Items, Metric, Response
from evaluator.metrics.choice import (
    acc,
    acc_bytes,
    acc_norm,
    brier,
    guess_rate,
    log_loss,
    mc2,
    pick,
    probabilities,
    true_share,
)


def compute(metric: Metric, *pairs: tuple[Example, tuple[Response, ...]]) -> float:
    items = Items(
        columns={"correct": np.zeros(len(pairs))},
        labels=(),
        clusters=(),
        examples=tuple(pair[0] for pair in pairs),
        responses=tuple(pair[1] for pair in pairs),
    )
    return metric.compute(items).value


def test_the_option_with_the_highest_log_likelihood_wins() -> None:
    asked = example(choices=("a", "b", "c"), gold=(1,))
    assert pick(asked, [-3.0, -1.0, -2.0]) == (1, False)
    assert (
        compute(acc, (asked, scored("0", [-3, -1, -2])), (asked, scored("0", [-1, -3, -2]))) == 0.5
    )


def test_any_right_option_counts() -> None:
    asked = example(choices=("a", "b", "c"), gold=(0, 2))
    assert compute(acc, (asked, scored("0", [-3, -2, -1]))) == 1.0


def test_a_pick_is_made_among_the_candidates_alone() -> None:
    asked = example(choices=("a", "b", "c"), gold=(1,), candidates=(1, 2))
    assert pick(asked, [0.0, -1.0, -2.0]) == (1, False)
    assert pick(asked, [-1.0, -1.0, -2.0]) == (1, False)


def test_lengths_are_characters_in_acc_norm_and_bytes_in_acc_bytes() -> None:
    # 2 characters and 6 bytes against 5 of both: -3/2 < -5/5, but -3/6 > -5/5
    asked = example(choices=("中文", "abcde"), gold=(0,))
    answered = (asked, scored("0", [-3, -5]))
    assert compute(acc, answered) == 1.0
    assert compute(acc_norm, answered) == 0.0
    assert compute(acc_bytes, answered) == 1.0


def test_an_empty_option_counts_as_long_as_one_character() -> None:
    asked = example(choices=("", "ab"), gold=(0,))
    assert compute(acc_norm, (asked, scored("0", [-1, -2.5]))) == 1.0


# --- ties ---


def test_a_tie_goes_to_the_same_text_in_every_order_of_the_options() -> None:
    texts = ("red", "green", "blue", "grey")
    winners = set()
    for order in itertools.permutations(texts):
        index, tied = pick(example("some-item", choices=order), [-1.0] * 4)
        assert tied
        winners.add(order[index])
    assert len(winners) == 1


def test_a_tie_is_only_among_the_best() -> None:
    for number in range(50):
        index, tied = pick(example(str(number), choices=("a", "b", "c")), [-1.0, -2.0, -1.0])
        assert tied
        assert index in (0, 2)


def test_ties_favour_no_position_and_no_text() -> None:
    n, texts = 4000, ("A", "B", "C", "D")
    places, words = np.zeros(4), np.zeros(4)
    for number in range(n):
        order = texts[number % 4 :] + texts[: number % 4]
        index, _ = pick(example(str(number), choices=order), [0.0] * 4)
        places[index] += 1
        words[texts.index(order[index])] += 1
    limit = 4 * math.sqrt(n * 0.25 * 0.75)  # four standard deviations
    assert np.abs(places - n / 4).max() < limit
    assert np.abs(words - n / 4).max() < limit


def test_equal_texts_that_tie_go_to_the_first() -> None:
    assert pick(example(choices=("a", "a")), [0.0, 0.0]) == (0, True)


# --- probabilities ---


def test_probabilities_are_the_softmax_and_survive_tiny_likelihoods() -> None:
    assert probabilities(scored("0", [math.log(0.2), math.log(0.6)])) == pytest.approx([0.25, 0.75])
    assert probabilities(scored("0", [-5000.0, -5000.0 + math.log(3)])) == pytest.approx(
        [0.25, 0.75]
    )


def test_brier_log_loss_and_mc2_by_hand() -> None:
    asked = example(choices=("a", "b", "c"), gold=(1,))
    answered = (asked, scored("0", [math.log(0.2), math.log(0.5), math.log(0.3)]))
    assert compute(brier, answered) == pytest.approx(0.2**2 + 0.5**2 + 0.3**2)
    assert compute(log_loss, answered) == pytest.approx(math.log(2))
    assert compute(mc2, answered) == pytest.approx(0.5)


def test_several_right_options_share_what_is_right() -> None:
    asked = example(choices=("a", "b", "c"), gold=(0, 2))
    answered = (asked, scored("0", [math.log(0.2), math.log(0.5), math.log(0.3)]))
    assert compute(brier, answered) == pytest.approx(0.3**2 + 0.5**2 + 0.2**2)
    assert compute(log_loss, answered) == pytest.approx(math.log(2))
    assert compute(mc2, answered) == pytest.approx(0.5)


@pytest.mark.parametrize("metric", [acc, acc_norm, acc_bytes, brier, log_loss, mc2])
def test_declared_best_and_worst_are_reached_and_never_passed(metric: Metric) -> None:
    asked = example(choices=("a", "b"), gold=(0,))
    right, wrong = (asked, scored("0", [0, -900])), (asked, scored("0", [-900, 0]))
    assert compute(metric, right) == pytest.approx(metric.best, abs=1e-12)
    worst = -math.log(1e-12) if metric is log_loss else metric.worst
    assert compute(metric, wrong) == pytest.approx(worst)


def test_probability_scores_are_proper() -> None:
    """Telling the true probability costs least on average."""
    truth = 0.7
    told = np.linspace(0.05, 0.95, 19)
    for metric in (brier, log_loss):
        costs = []
        for p in told:
            answers = scored("0", [math.log(p), math.log(1 - p)])
            a, b = example(choices=("a", "b"), gold=(0,)), example(choices=("a", "b"), gold=(1,))
            costs.append(
                truth * compute(metric, (a, answers)) + (1 - truth) * compute(metric, (b, answers))
            )
        assert told[int(np.argmin(costs))] == pytest.approx(truth)


# --- baselines ---


def test_the_guess_rate_is_what_random_picks_get() -> None:
    rng = np.random.default_rng(4)
    examples = tuple(
        example(str(i), choices=tuple("abcde"[:k]), gold=(0,), candidates=among)
        for i, (k, among) in enumerate([(2, ()), (4, ()), (5, (0, 3)), (4, ()), (3, (1, 2))])
    )
    expected = np.mean([1 / 2, 1 / 4, 1 / 2, 1 / 4, 0])
    assert guess_rate(examples) == pytest.approx(expected)
    tries = [
        float(rng.choice(e.candidates or range(len(e.choices))) in e.gold)
        for _ in range(4000)
        for e in examples
    ]
    assert np.mean(tries) == pytest.approx(expected, abs=0.02)


def test_the_true_share_is_what_equal_probabilities_get() -> None:
    examples = (
        example("0", choices=("a", "b", "c"), gold=(0, 1)),
        example("1", choices=("a", "b"), gold=(1,), candidates=(1,)),
    )
    pairs = [(e, scored(e.id, [-1.0] * len(e.choices))) for e in examples]
    assert true_share(examples) == pytest.approx(compute(mc2, *pairs))
