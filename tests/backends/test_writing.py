"""Texts written side by side are those that each model writes alone."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from random_models import (
    FAMILIES,
    SHOTS,
    TREES,
    VOCABULARY,
    Numbers,
    alone,
    chosen,
    ending,
    model_of,
    way,
)

from evaluator.backends.ending import Ending, Written
from evaluator.backends.runner import Runner
from evaluator.backends.sharing import Sharing
from evaluator.backends.trie import Row
from evaluator.backends.writing import write_greedily


def prompts_of(count: int, start: Row = SHOTS) -> list[Row]:
    rng = random.Random(8)
    return [
        start + tuple(rng.randrange(VOCABULARY) for _ in range(rng.randrange(1, 20)))
        for _ in range(count)
    ]


def write(
    family: str, prompts: list[Row], end: Ending, sharing: Sharing, batch_tokens: int = 16_384
) -> tuple[list[Written], Runner]:
    runner = Runner(model_of(family), "cpu", batch_tokens)
    with torch.inference_mode():
        return write_greedily(runner, sharing, prompts, end, SHOTS), runner


@pytest.mark.parametrize("family", FAMILIES)
def test_texts_are_those_written_alone(family: str) -> None:
    prompts = prompts_of(5)
    letters = Numbers().decode(list(range(VOCABULARY)))
    end = ending(stop=(letters[1:3], letters[40:42]), end_ids=(5, 9, 60))
    expected = [alone(model_of(family), prompt, end) for prompt in prompts]
    assert write(family, prompts, end, chosen(family))[0] == expected
    assert write(family, prompts, end, chosen(family), batch_tokens=25)[0] == expected
    for path, batch_tokens in (("levels", 64), ("levels", 25), ("levels", 16_384), ("plain", 64)):
        assert write(family, prompts, end, way(path), batch_tokens)[0] == expected


@pytest.mark.parametrize("family", TREES)
def test_texts_in_several_lanes_are_those_written_alone(family: str) -> None:
    prompts = prompts_of(45)
    free = [alone(model_of(family), prompt, ending()) for prompt in prompts]
    end = ending(stop=(free[3].text[4:6], free[9].text[5:7]))
    expected = [alone(model_of(family), prompt, end) for prompt in prompts]
    rows = set()
    hook = model_of(family).register_forward_pre_hook(
        lambda _, args, kwargs: rows.add(len(kwargs["input_ids"])), with_kwargs=True
    )
    found, runner = write(family, prompts, end, chosen(family), batch_tokens=800)
    hook.remove()
    assert found == expected
    assert rows > {1}  # what all share alone, then lanes; the rest of the texts moves up
    rest = sum(len(prompt) - len(SHOTS) for prompt in prompts)
    once = len(SHOTS) + rest + sum(text.tokens - 1 for text in expected)
    assert once <= runner.tokens_fed < 1.5 * once


def test_texts_end_each_in_its_own_way_and_make_room_for_others() -> None:
    prompts = prompts_of(30)
    free = [alone(model_of("llama"), prompt, ending()) for prompt in prompts]
    # what a few of them write anyway becomes what ends a text
    end = ending(stop=(free[3].text[4:8],), end_ids=(ord(free[9].text[7]) - 97,))
    expected = [alone(model_of("llama"), prompt, end) for prompt in prompts]
    assert {text.finish for text in expected} == {"stop", "length"}
    found, runner = write("llama", prompts, end, way("tree"), batch_tokens=30)
    assert found == expected
    # nothing is fed twice: the shots, the rest of each prompt, what is written after its first
    rest = sum(len(prompt) - len(SHOTS) for prompt in prompts)
    assert runner.tokens_fed == len(SHOTS) + rest + sum(text.tokens - 1 for text in expected)


@pytest.mark.parametrize("family", ["llama", "bloom", "mpt", "gpt_neo"])
def test_batches_feed_what_prompts_share_once_and_refill(family: str) -> None:
    prompts = prompts_of(30)
    free = [alone(model_of(family), prompt, ending()) for prompt in prompts]
    end = ending(stop=(free[3].text[4:8], free[7].text[2:4]))
    expected = [alone(model_of(family), prompt, end) for prompt in prompts]
    found, runner = write(family, prompts, end, way("levels"), batch_tokens=100)
    assert found == expected
    rest = sum(len(prompt) - len(SHOTS) for prompt in prompts)
    once = len(SHOTS) + rest + sum(text.tokens - 1 for text in expected)
    # a batch feeds rows of one length: the shots come in again where a prompt is shorter
    assert once <= runner.tokens_fed < 1.5 * once


def test_positions_that_depend_on_the_longest_text_are_taken_alone() -> None:
    prompts = prompts_of(4)
    expected = [alone(model_of("llama"), prompt, ending()) for prompt in prompts]
    for path in ("tree", "levels"):
        found, runner = write("llama", prompts, ending(), Sharing(path=path, gap=0.0, longest=20))
        assert found == expected
        longest = sum(map(len, prompts)) + sum(text.tokens - 1 for text in expected)
        assert longest <= runner.tokens_fed <= longest + 1


def test_the_beginning_stays_for_the_next_pack_and_equal_prompts_are_written_once() -> None:
    prompts = prompts_of(4)
    runner = Runner(model_of("llama"), "cpu", 16_384)
    with torch.inference_mode():
        first = write_greedily(runner, way("tree"), prompts, ending(), SHOTS)
        before = runner.tokens_fed
        again = write_greedily(runner, way("tree"), prompts * 3, ending(), SHOTS)
    assert again == first * 3
    assert runner.tokens_fed - before == before - len(SHOTS)


def test_the_row_is_cleared_of_texts_that_have_ended() -> None:
    prompts = prompts_of(60)
    runner = Runner(model_of("llama"), "cpu", 32)
    longest = 0

    def watch(*_: Any) -> None:
        nonlocal longest
        longest = max(longest, runner.path.length)

    hook = model_of("llama").register_forward_pre_hook(watch)
    with torch.inference_mode():
        write_greedily(runner, way("tree"), prompts, ending(), SHOTS)
    hook.remove()
    assert longest < len(SHOTS) + 12 * 32 < sum(map(len, prompts)) / 3


def test_nothing_shared_is_no_trouble() -> None:
    prompts = prompts_of(5, start=())
    expected = [alone(model_of("mistral"), prompt, ending()) for prompt in prompts]
    assert write("mistral", prompts, ending(), way("tree"), batch_tokens=64)[0] == expected


def test_each_passage_is_fed_once_for_all_its_questions() -> None:
    rng = random.Random(4)
    passages = [tuple(rng.randrange(VOCABULARY) for _ in range(100)) for _ in range(2)]
    questions = [SHOTS + passage + (n, n + 1) for passage in passages for n in range(5)]
    end = ending(most=4)
    expected = [alone(model_of("llama"), prompt, end) for prompt in questions]
    for batch_tokens in (16_384, 40):
        found, runner = write("llama", questions, end, way("tree"), batch_tokens)
        assert found == expected
        assert runner.tokens_fed == len(SHOTS) + 2 * 100 + 10 * (2 + end.max_tokens - 1)
