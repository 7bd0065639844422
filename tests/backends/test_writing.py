"""Texts written side by side are those that each model writes alone."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from random_models import FAMILIES, SHOTS, VOCABULARY, chosen, model_of, way

from evaluator.backends.ending import Ending, Written
from evaluator.backends.runner import Runner
from evaluator.backends.sharing import Sharing
from evaluator.backends.trie import Row
from evaluator.backends.writing import write_greedily

MOST = 12


class Numbers:
    """A tokenizer whose text is the ids, two letters each: 7 is 'ah'."""

    def decode(self, ids: list[int], **more: Any) -> str:
        return "".join(chr(97 + i // 26) + chr(97 + i % 26) for i in ids)


def ending(stop: tuple[str, ...] = (), end_ids: tuple[int, ...] = (), most: int = MOST) -> Ending:
    return Ending(stop=stop, end_ids=frozenset(end_ids), max_tokens=most, tokenizer=Numbers())


def prompts_of(count: int, start: Row = SHOTS) -> list[Row]:
    rng = random.Random(8)
    return [
        start + tuple(rng.randrange(VOCABULARY) for _ in range(rng.randrange(1, 20)))
        for _ in range(count)
    ]


def alone(model: Any, prompt: Row, end: Ending) -> Written:
    """One plain pass a token."""
    ids, written = list(prompt), []
    with torch.inference_mode():
        while True:
            logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
            written.append(int(logits.argmax()))
            ids.append(written[-1])
            text = end.tokenizer.decode(written[:-1] if written[-1] in end.end_ids else written)
            cut = min([text, *(text.split(stop)[0] for stop in end.stop)], key=len)
            if written[-1] in end.end_ids or cut != text:
                return Written(text=cut, finish="stop", tokens=len(written))
            if len(written) == end.max_tokens:
                return Written(text=cut, finish="length", tokens=len(written))


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
    assert write(family, prompts, end, way("levels"), batch_tokens=64)[0] == expected


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
