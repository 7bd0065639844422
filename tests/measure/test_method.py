"""A model that only writes: how its text is asked for, read and scored."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import example, fuzz, response, submission

from evaluator.backends.scripted import Answer, ScriptedBackend
from evaluator.core.records import Examples, Request
from evaluator.measure.method import can_parse, method_of, metrics_of, parse_choice, why_unfit
from evaluator.measure.requests import build_requests
from evaluator.measure.score import score_task
from evaluator.metrics.choice import acc, acc_norm, brier
from evaluator.tasks import load_task, locked_request_set
from evaluator.tasks.starter import examples_of

TOPICS = ("card lost", "card lost abroad", "refund", "no")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("refund", "refund"),
        (" Refund.\nBecause the customer ...", "refund"),
        ("\n\n**refund**", "refund"),
        ("card lost abroad, clearly", "card lost abroad"),
        ("The intent is: card_lost? no", None),
        ("The intent is card lost abroad.", "card lost abroad"),
        ("It is about a card lost.", "card lost"),
        ("refund or card lost", "refund"),
        ("Either a refund or a card lost", None),
        ("refunds", None),
        ("nothing", None),
        ("", None),
        ("...", None),
    ],
)
def test_a_text_names_the_choice_it_says(text: str, named: str | None) -> None:
    found = parse_choice(text, TOPICS)
    assert (TOPICS[found] if found >= 0 else None) == named


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        ("(b)", "B"),
        ("C. Paris", "C"),
        ("The answer is D.", "D"),
        ("A good question! B", None),
        ("a dog", None),
        ("It is either A or C", None),
        ("E", None),
    ],
)
def test_a_letter_stands_alone(text: str, letter: str | None) -> None:
    found = parse_choice(text, ("A", "B", "C", "D"))
    assert ("ABCD"[found] if found >= 0 else None) == letter


def test_chinese_choices_need_no_spaces() -> None:
    assert parse_choice("这条评论是正面的。", ("负面", "正面")) == 1
    assert parse_choice("正面", ("负面", "正面")) == 1
    assert parse_choice("既有正面也有负面", ("负面", "正面")) == -1


@fuzz
@given(st.lists(st.text("ab \n.", min_size=1), min_size=1, max_size=4, unique=True), st.text())
def test_parsing_never_fails_and_a_choice_names_itself(choices: list[str], text: str) -> None:
    assert -1 <= parse_choice(text, choices) < len(choices)


def write(name: str, script: ScriptedBackend):
    task, examples = load_task(name), examples_of(name)
    requests = build_requests(task, examples, "parsed")
    return task, examples, requests, score_task(task, examples, script.answer(requests), "parsed")


@pytest.mark.parametrize("name", ["starter_classification", "starter_matching", "starter_choice"])
def test_a_writer_that_is_right_gets_the_best_and_one_that_mumbles_the_worst(name: str) -> None:
    right = {e.id: e.choices[e.gold[0]] for e in examples_of(name).test}
    oracle = ScriptedBackend(lambda asked: Answer(text=f" {right[asked.item]}.\n"))
    task, examples, requests, found = write(name, oracle)
    assert len(requests) == len(examples.test)
    assert found.metrics[task.primary.name]["value"] == 1
    assert found.counts["no_answer"] == 0
    assert set(found.metrics) == {m.name for m in metrics_of(task, "parsed")}
    assert not {"auroc", "brier", "log_loss"} & set(found.metrics)

    *_, mumbled = write(name, ScriptedBackend(lambda asked: Answer(text="hm")))
    assert mumbled.metrics[task.primary.name]["value"] == 0
    assert mumbled.counts["no_answer"] == len(examples.test)
    assert mumbled.items.columns["pred"].tolist() == [-1] * len(examples.test)


def test_the_prompt_says_what_the_choices_are() -> None:
    def asked(name: str) -> Request:
        return build_requests(load_task(name), examples_of(name), "parsed")[0]

    topics = asked("starter_classification").prompt
    assert topics.description.count("- refund\n") == 1
    assert not any("- refund" in question for question, _ in topics.shots)
    series = asked("starter_choice").prompt
    options = examples_of("starter_choice").test[0].choices
    assert all(f"- {option}\n" in series.question for option in options)
    assert series.question.endswith(examples_of("starter_choice").test[0].question)


def test_only_candidates_can_be_named() -> None:
    task = replace(load_task("starter_choice"), metrics=(acc,))
    asked = example("0", choices=("x", "y", "z"), gold=(2,), candidates=(1, 2))
    examples = Examples(test=(asked,))
    (request,) = build_requests(task, examples, "parsed")
    assert "- x" not in request.prompt.question
    found = score_task(task, examples, [response("0", text="z", finish="stop")], "parsed")
    assert found.items.columns["pred"].tolist() == [2]
    found = score_task(task, examples, [response("0", text="x", finish="stop")], "parsed")
    assert found.items.columns["pred"].tolist() == [-1]


def test_what_a_pick_cannot_answer_is_not_asked_of_a_writer() -> None:
    writer, scorer = submission(kind="served", answers="text"), submission(kind="causal")
    assert "probabilities" in why_unfit(writer, load_task("truthfulqa"))
    assert why_unfit(scorer, load_task("truthfulqa")) == ""
    assert locked_request_set("truthfulqa", "parsed") is None
    assert not can_parse(load_task("starter_generation"))
    task = replace(load_task("starter_choice"), metrics=(acc_norm, acc, brier), primary=acc_norm)
    assert [m.name for m in metrics_of(task, "parsed")] == ["acc_norm"]


def test_writing_and_scoring_are_two_measurements() -> None:
    plain, parsed = (locked_request_set("banking77", m) for m in ("loglikelihood", "parsed"))
    assert plain is not None and parsed is not None
    assert plain.sha256 != parsed.sha256
    assert (plain.items_sha256, plain.baseline) == (parsed.items_sha256, parsed.baseline)
    assert parsed.requests == 3080


@pytest.mark.parametrize(
    ("facts", "choices", "writing"),
    [
        ({"kind": "causal"}, "loglikelihood", "generation"),
        ({"kind": "served", "answers": "logprobs"}, "loglikelihood", "generation"),
        ({"kind": "served", "answers": "text"}, "parsed", "generation"),
        ({"kind": "classifier"}, "head", "head"),
        ({"kind": "onnx"}, "head", "head"),
        ({"kind": "masked"}, "pseudo-loglikelihood", "pseudo-loglikelihood"),
    ],
)
def test_the_method_follows_from_the_kind(
    facts: dict[str, str], choices: str, writing: str
) -> None:
    assert method_of(submission(**facts), load_task("mmlu")) == choices
    assert method_of(submission(**facts), load_task("gsm8k")) == writing


def test_a_classifier_answers_the_tasks_that_it_names_and_no_others() -> None:
    head = submission(kind="classifier", tasks=("banking77", "gsm8k"))
    assert why_unfit(head, load_task("banking77")) == ""
    assert "labels are those of banking77" in why_unfit(head, load_task("starter_matching"))
    assert "cannot answer a task of kind generation" in why_unfit(head, load_task("gsm8k"))
