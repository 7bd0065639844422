from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import example, fuzz, labelled, response
from rouge_score.rouge_scorer import RougeScorer

from evaluator.core.records import Items
from evaluator.metrics import all_metrics
from evaluator.metrics.base import mean_metric, mean_of, ratio_of, table_metric
from evaluator.metrics.generation import (
    edit_distance,
    edit_similarity,
    exact_match,
    overlap_f1,
    prefix_match,
    quasi_exact_match,
    rouge_1,
    rouge_2,
    rouge_l,
    token_f1,
    token_precision,
    token_recall,
)
from evaluator.metrics.text import (
    answer_tokens,
    canonical_number,
    close_to,
    normalise_answer,
    rounds_to,
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  Cat.", "cat"),
        ("An apple, a day!", "apple day"),
        ("theatre and another", "theatre and another"),
        ("It's", "its"),
        ("ＡＢＣ　１２３", "abc 123"),
        ("「北京」。", "北京"),
        ("\n", ""),
    ],
)
def test_answers_are_normalised_by_squads_rule(text: str, normal: str) -> None:
    assert normalise_answer(text) == normal


@fuzz
@given(st.text())
def test_tokens_are_never_empty_and_hold_no_punctuation(text: str) -> None:
    for token in answer_tokens(text):
        assert token.split() == [token]
        assert not any(unicodedata.category(character).startswith("P") for character in token)


def test_cjk_characters_are_tokens_of_their_own() -> None:
    assert answer_tokens("北京2008奥运 かな 한국 GPT模型") == [
        "北", "京", "2008", "奥", "运", "か", "な", "한", "국", "gpt", "模", "型",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("found", "wanted", "f1"),
    [
        ("the cat sat", "cat sat", 1.0),
        ("a cat sat down", "cat sat", 0.8),
        ("cat cat cat", "cat", 0.5),
        ("cat cat", "cat cat dog", 0.8),
        ("dog", "cat", 0.0),
        ("", "cat", 0.0),
        ("cat", "", 0.0),
        ("Paris.", "paris", 1.0),
        ("北京市", "北京", 0.8),
        ("我在北京。", "我在上海", 0.5),
    ],
)
def test_token_f1_counts_shared_tokens_as_squad_does(found: str, wanted: str, f1: float) -> None:
    assert overlap_f1(found, wanted) == pytest.approx(f1)
    assert overlap_f1(wanted, found) == pytest.approx(f1)


def items_of(texts: list[str], answers: tuple[str, ...]) -> Items:
    return Items(
        columns={"correct": np.array([float(text in answers) for text in texts])},
        labels=(),
        clusters=(),
        examples=tuple(example(str(i), answers=answers) for i in range(len(texts))),
        responses=tuple((response(str(i), text=text),) for i, text in enumerate(texts)),
    )


def test_the_closest_of_several_answers_counts() -> None:
    assert token_f1.compute(items_of(["red cat", "dog"], ("cat", "dog"))).value == pytest.approx(
        (2 / 3 + 1) / 2
    )


def test_without_an_answer_nothing_is_shared() -> None:
    assert token_f1.compute(items_of(["cat"], ())).value == 0.0


def test_exact_match_is_the_share_of_right_items() -> None:
    score = exact_match.compute(items_of(["a", "b", "a", "c"], ("a",)))
    assert (score.value, score.proportion) == (0.5, True)


# --- what metrics are made with ---


def test_a_mean_has_its_deviations_as_influence() -> None:
    score = mean_of(np.array([1.0, 2.0, 6.0]))
    assert score.value == 3.0
    assert score.influence.tolist() == [-2.0, -1.0, 3.0]


def test_a_ratio_is_of_sums_and_zero_over_nothing() -> None:
    score = ratio_of(np.array([1.0, 0.0, 2.0]), np.array([1.0, 1.0, 4.0]))
    assert score.value == 0.5
    assert score.influence == pytest.approx([0.25, -0.25, 0.0])
    assert ratio_of(np.zeros(2), np.zeros(2)).value == 0.0


def test_a_function_under_a_mark_is_a_metric_with_its_name_and_definition() -> None:
    @mean_metric(best=0.0, worst=9.0)
    def answer_length(asked, responses) -> float:
        """Characters of the written text."""
        return float(len(responses[0].text))

    @table_metric(baseline=lambda examples: 0.25)
    def share(items: Items):
        """Share of right items."""
        return mean_of(items.columns["correct"], proportion=True)

    assert (answer_length.name, answer_length.doc) == (
        "answer_length", "Characters of the written text.",
    )  # fmt: skip
    assert answer_length.compute(items_of(["ab", "abcd"], ())).value == 3.0
    assert (answer_length.tier, answer_length.best, answer_length.worst) == ("responses", 0.0, 9.0)
    assert share.compute(labelled([0, 1], [0, 0], 2)).value == 0.5
    assert (share.tier, share.baseline(())) == ("items", 0.25)


def test_every_metric_of_the_package_is_listed_once_with_its_definition() -> None:
    names = [metric.name for metric in all_metrics()]
    assert len(names) == len(set(names))
    assert {"acc", "macro_f1", "auroc", "token_f1"} <= set(names)
    for metric in all_metrics():
        words = metric.doc.replace("\n", " ")
        assert ("lower is better" in words) == (metric.best < metric.worst), metric.name


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("so 5, then 1,234.50.", "2469/2"),
        ("2/6", "1/3"),
        ("答案：25%", "25"),
        ("\\frac{6}{-9} is no fraction, \\dfrac{6}{9} is", "2/3"),
        ("-7", "-7"),
        ("\u22127", "-7"),
        ("০.৫০", "1/2"),
        ("１２", "12"),
        ("3/0", ""),
        ("1,2,3", "3"),
        ("none", ""),
        ("", ""),
    ],
)
def test_the_last_number_of_a_text_is_read_as_a_fraction(text: str, number: str) -> None:
    assert canonical_number(text) == number


@pytest.mark.parametrize(
    ("metric", "name"), [(rouge_1, "rouge1"), (rouge_2, "rouge2"), (rouge_l, "rougeL")]
)
def test_rouge_is_the_number_of_rouge_score(metric, name) -> None:
    pairs = [
        ("the cat sat on the mat", ("the cat is on the mat", "a cat sat here")),
        ("Police killed the gunman.", ("police kill the gunman", "The gunman killed police")),
        ("", ("nothing",)),
        ("one", ("two three",)),
    ]
    scorer = RougeScorer([name])
    for text, golds in pairs:
        wanted = scorer.score_multi(list(golds), text)[name].fmeasure
        found = metric.compute(items_of([text], golds)).value
        assert found == pytest.approx(wanted)


def test_rouge_reads_chinese() -> None:
    assert rouge_l.compute(items_of(["今天天气很好"], ("今天天气很好。",))).value == 1
    assert 0 < rouge_2.compute(items_of(["今天天气很坏"], ("今天天气很好。",))).value < 1


def test_precision_and_recall_of_tokens_count_what_stands_there() -> None:
    items = items_of(["red red blue"], ("red green",))
    assert token_precision.compute(items).value == pytest.approx(1 / 3)
    assert token_recall.compute(items).value == 1 / 2
    assert token_f1.compute(items).value == pytest.approx(2 / 5)


def test_edits_quasi_matches_and_prefixes() -> None:
    assert edit_distance("kitten", "sitting") == 3
    assert edit_similarity.compute(items_of(["kitten"], ("sitting",))).value == pytest.approx(4 / 7)
    assert quasi_exact_match.compute(items_of([" The Cat."], ("cat",))).value == 1
    assert quasi_exact_match.compute(items_of([""], ("the",))).value == 0
    assert prefix_match.compute(items_of(["10 apples"], ("10",))).value == 1
    assert prefix_match.compute(items_of(["1000"], ("10",))).value == 0


def test_a_number_is_right_at_the_decimals_of_the_gold() -> None:
    assert rounds_to(canonical_number("35.349"), ("35.3",))
    assert rounds_to(canonical_number("-9.025"), ("-9.03",))
    assert rounds_to(canonical_number("$1,291"), ("1", "1291"))
    assert not rounds_to(canonical_number("35.349"), ("35.34",))
    assert not rounds_to(canonical_number("9.03"), ("-9.03",))


def test_a_number_is_close_within_half_a_per_cent_also_in_per_cent() -> None:
    assert close_to("0.1413", ("0.14136",))
    assert close_to("14.1", ("0.14136",))
    assert close_to("yes", ("yes",))
    assert close_to("0", ("0.0",))
    assert not close_to("0.15", ("0.14136",))
    assert not close_to("no", ("yes",))
    assert not close_to("1", ("0.0",))
