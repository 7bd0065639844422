from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made import answer_all, example, response, scored
from sklearn import metrics as sk

from evaluator.core.errors import ScoreError
from evaluator.core.records import Example, Examples, Response, Task
from evaluator.core.stats import wilson
from evaluator.measure.judge import NEAR_TIE_NATS
from evaluator.measure.score import (
    Scored,
    canonical,
    primary_score,
    score_task,
    select,
)
from evaluator.metrics.choice import acc, acc_norm, mc2
from evaluator.metrics.classification import majority_rate
from evaluator.metrics.likelihood import greedy_match, perplexity
from evaluator.tasks import load_task
from evaluator.tasks.starter import MAKERS, examples_of

TASKS = sorted(MAKERS)
CHOICE = load_task("starter_choice")


def values(found: Scored) -> dict[str, float]:
    return {name: estimate["value"] for name, estimate in found.metrics.items()}


def right(asked: Example) -> int | str:
    return asked.gold[0] if asked.choices else asked.answers[0]


def wrong(asked: Example) -> int | str:
    return (asked.gold[0] + 1) % len(asked.choices) if asked.choices else "nothing right"


def score_by(name: str, choose: Any) -> Scored:
    task, examples = load_task(name), examples_of(name)
    return score_task(task, examples, answer_all(task, examples, choose))


# --- what perfect, wrong and constant models get ---


@pytest.mark.parametrize("name", TASKS)
def test_a_perfect_model_gets_the_declared_best_of_every_metric(name: str) -> None:
    found = score_by(name, right)
    for metric in load_task(name).metrics:
        estimate = found.metrics[metric.name]
        assert estimate["value"] == pytest.approx(metric.best, abs=1e-9)
        assert estimate["n"] == 200
        assert estimate["low"] - 1e-9 <= estimate["value"] <= estimate["high"] + 1e-9
    assert found.counts["no_answer"] == found.counts["ties"] == 0


@pytest.mark.parametrize("name", TASKS)
def test_a_model_that_is_always_wrong_gets_the_declared_worst(name: str) -> None:
    found = score_by(name, wrong)
    for metric in load_task(name).metrics:
        value = found.metrics[metric.name]["value"]
        if metric.name == "mcc":  # -1 needs two classes
            assert value < 0
        elif math.isinf(metric.worst):
            assert value == pytest.approx(-math.log(1e-12))
        else:
            assert value == pytest.approx(metric.worst, abs=1e-9)


@pytest.mark.parametrize("name", ["starter_classification", "starter_matching"])
def test_a_constant_answer_gets_what_the_gold_labels_give(name: str) -> None:
    task, examples = load_task(name), examples_of(name)
    gold = [e.gold[0] for e in examples.test]
    constant = int(np.bincount(gold).argmax())
    found = values(score_by(name, lambda asked: constant))
    pred, labels = [constant] * len(gold), list(range(len(examples.labels)))
    assert found["accuracy"] == pytest.approx(majority_rate(examples.test))
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(gold, pred))
    if name == "starter_classification":
        how: dict[str, Any] = {"labels": labels, "average": "macro", "zero_division": 0}
        assert found["macro_f1"] == pytest.approx(sk.f1_score(gold, pred, **how))
        assert found["macro_recall"] == pytest.approx(1 / len(labels))
        assert found["mcc"] == 0
    else:
        assert found["f1"] == pytest.approx(sk.f1_score(gold, pred, zero_division=0))
        assert found["auroc"] == 0.5
    assert task.primary.name in found


def test_a_constant_choice_gets_the_share_of_its_place() -> None:
    gold = [e.gold[0] for e in examples_of("starter_choice").test]
    for place in range(4):
        found = values(score_by("starter_choice", lambda asked, at=place: at))
        assert found["acc"] == gold.count(place) / 200


def test_a_constant_text_gets_the_share_of_its_answer() -> None:
    texts = [e.answers[0] for e in examples_of("starter_generation").test]
    found = values(score_by("starter_generation", lambda asked: texts[0]))
    assert found["exact_match"] == texts.count(texts[0]) / 200
    assert found["token_f1"] >= found["exact_match"]


# --- tables ---


@pytest.mark.parametrize("name", TASKS)
def test_groups_part_the_items_and_their_mean_is_the_whole(name: str) -> None:
    found = score_by(name, lambda asked: right(asked) if int(asked.id) % 3 else wrong(asked))
    assert sum(group["n"] for group in found.groups.values()) == 200
    if load_task(name).primary.name in ("acc", "accuracy", "exact_match"):
        total = sum(group["value"] * group["n"] for group in found.groups.values())
        primary = found.metrics[load_task(name).primary.name]["value"]
        assert total / 200 == pytest.approx(primary)


def test_class_rows_agree_with_the_confusion_table() -> None:
    found = score_by("starter_classification", lambda asked: int(asked.id) % 6)
    table = np.array(found.confusion)
    assert table.shape == (6, 7)
    assert table.sum() == 200
    for i, row in enumerate(found.classes):
        assert row["support"] == table[i].sum()
        assert row["predicted"] == table[:, i].sum()
        assert row["recall"] == pytest.approx(table[i, i] / max(table[i].sum(), 1))
        assert row["precision"] == pytest.approx(table[i, i] / max(table[:, i].sum(), 1))


def test_a_proportion_has_its_wilson_interval() -> None:
    found = score_by("starter_choice", lambda asked: int(asked.id) % 4)
    acc_found = found.metrics["acc"]
    assert (acc_found["low"], acc_found["high"]) == pytest.approx(wilson(acc_found["value"], 200))


@pytest.mark.parametrize("name", TASKS)
def test_no_interval_leaves_the_range_of_its_metric(name: str) -> None:
    found = score_by(name, lambda asked: right(asked) if int(asked.id) else wrong(asked))
    for metric in load_task(name).metrics:
        estimate = found.metrics[metric.name]
        least, most = sorted((metric.worst, metric.best))
        assert least <= estimate["low"] <= estimate["value"] <= estimate["high"] <= most


@pytest.mark.parametrize("name", TASKS)
def test_the_primary_recomputes_from_the_columns_alone(name: str) -> None:
    found = score_by(name, lambda asked: right(asked) if int(asked.id) % 3 else wrong(asked))
    task = load_task(name)
    bare = replace(found.items, examples=(), responses=())
    value = canonical(primary_score(task.primary, bare).value)
    assert value == found.metrics[task.primary.name]["value"]
    assert found.metrics[task.primary.name]["tier"] == "items"


def test_a_primary_that_is_no_proportion_commits_its_values() -> None:
    examples = Examples(test=(
        example("0", choices=("a", "b"), gold=(0,)), example("1", choices=("a", "b"), gold=(1,)),
    ))  # fmt: skip
    task = replace(CHOICE, metrics=(mc2, acc), primary=mc2, columns=("correct", "pred", "value"))
    answers = [*scored("0", [math.log(0.7), math.log(0.3)]), *scored("1", [-1.0, -1.0])]
    found = score_task(task, examples, answers)
    assert found.items.columns["value"] == pytest.approx([0.7, 0.5])
    assert found.metrics["mc2"]["value"] == pytest.approx(0.6)
    assert found.metrics["mc2"]["tier"] == "items"


def test_a_task_whose_pick_is_not_its_primarys_is_refused() -> None:
    examples = Examples(test=(example("0", choices=("aaaaa", "b"), gold=(0,)),))
    task = replace(CHOICE, metrics=(acc_norm,), primary=acc_norm, length=lambda choice: 1)
    with pytest.raises(ScoreError, match="pick differently"):
        score_task(task, examples, list(scored("0", [-3.0, -2.0])))


def test_clusters_reach_the_interval() -> None:
    def examples(cluster: int) -> Examples:
        return Examples(test=tuple(
            example(str(i), choices=("a", "b"), gold=(0,), cluster=str(i // cluster))
            for i in range(20)
        ))  # fmt: skip

    answers = [r for i in range(20) for r in scored(str(i), [-float(i < 10), -0.5])]
    alone = score_task(CHOICE, examples(1), answers).metrics["acc"]
    together = score_task(CHOICE, examples(5), answers).metrics["acc"]
    assert together["value"] == alone["value"] == 0.5
    assert together["stderr"] > alone["stderr"]


def test_selected_items_keep_what_belongs_to_them() -> None:
    items = score_by("starter_matching", right).items
    part = select(items, [3, 1])
    assert [e.id for e in part.examples] == ["3", "1"]
    assert part.columns["gold"].tolist() == [items.columns["gold"][3], items.columns["gold"][1]]
    assert part.responses[0] == items.responses[3]


# --- what cannot be scored ---


def answers() -> list[Response]:
    examples = examples_of("starter_choice")
    return answer_all(CHOICE, examples, right)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda a: a[:-1],
        lambda a: a[:-4],
        lambda a: a[1:],
        lambda a: [],
        lambda a: [*a, a[-1]],
        lambda a: [*a, *a[:4]],
        lambda a: [a[0], a[0], *a[1:]],
        lambda a: [*a, response("foreign")],
        lambda a: [replace(a[0], item="foreign"), *a[1:]],
        lambda a: [a[1], a[0], *a[2:]],
        lambda a: [*a[4:], *a[:4]],
        lambda a: [replace(a[0], index=7), *a[1:]],
        lambda a: [replace(a[0], logprob=math.nan), *a[1:]],
        lambda a: [replace(a[0], logprob=-math.inf), *a[1:]],
    ],
)
def test_missing_doubled_foreign_and_impossible_answers_are_refused(spoil: Any) -> None:
    with pytest.raises(ScoreError, match="starter_choice: "):
        score_task(CHOICE, examples_of("starter_choice"), spoil(answers()))


def one(task: Task, logprobs: list[float]) -> dict[str, int]:
    examples = Examples(test=(example("0", choices=("a", "bb"), gold=(0,)),))
    return score_task(task, examples, list(scored("0", logprobs))).counts


@pytest.mark.parametrize(
    ("logprobs", "ties", "near"),
    [
        ([-1.0, -1.0], 1, 1),
        ([-1.0, -1.0 - NEAR_TIE_NATS / 2], 0, 1),
        ([-1.0, -1.0 - NEAR_TIE_NATS * 2], 0, 0),
    ],
)
def test_ties_and_near_ties_are_counted(logprobs: list[float], ties: int, near: int) -> None:
    counts = one(CHOICE, logprobs)
    assert (counts["ties"], counts["near_ties"]) == (ties, near)


def test_near_ties_are_judged_on_what_the_pick_is_judged_on() -> None:
    by_length = replace(CHOICE, metrics=(acc_norm,), primary=acc_norm, length=len)
    assert one(by_length, [-1.0, -2.0])["ties"] == 1
    assert one(by_length, [-1.0, -1.0])["near_ties"] == 0


def test_cut_prompts_long_answers_and_empty_texts_are_counted() -> None:
    task = load_task("starter_generation")
    examples = Examples(test=tuple(example(str(i), answers=("a",)) for i in range(3)))
    found = score_task(task, examples, [
        response("0", text=" a", finish="length", dropped=3),
        response("1", text="  ", finish="stop"),
        response("2", text="A", finish="stop"),
    ])  # fmt: skip
    counts = found.counts
    assert (counts["cut_prompts"], counts["long_answers"], counts["no_answer"]) == (1, 1, 1)
    assert found.items.columns["correct"].tolist() == [1, 0, 0]


def test_an_empty_answer_is_wrong_even_if_the_right_one_is_empty() -> None:
    task = load_task("starter_generation")
    examples = Examples(test=(example("0", answers=("",)),))
    found = score_task(task, examples, [response("0", text=" ", finish="stop")])
    assert found.metrics["exact_match"]["value"] == 0


def test_canonical_numbers_have_no_negative_zero() -> None:
    assert str(canonical(-0.0)) == "0.0"
    assert canonical(1 / 3) == 0.333333333333


# --- likelihood ---


def test_a_likelihood_task_counts_greedy_items_and_keeps_log_likelihoods() -> None:
    task = replace(
        CHOICE,
        kind="likelihood",
        metrics=(greedy_match, perplexity),
        primary=greedy_match,
        columns=("correct", "value"),
    )
    examples = Examples(test=(example("0", target=" a"), example("1", target=" b")))
    answers = [response("0", logprob=-1.0, greedy=True), response("1", logprob=-3.0)]
    found = score_task(task, examples, answers)
    assert values(found) == {"greedy_match": 0.5, "perplexity": pytest.approx(math.exp(2))}
    assert found.items.columns["value"].tolist() == [-1.0, -3.0]
    assert found.metrics["perplexity"]["tier"] == "items"
    with pytest.raises(ScoreError, match="needs 1 responses"):
        score_task(task, examples, [*answers, response("1", 1)])
