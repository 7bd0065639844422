"""Sharing what pairs have in common changes no log-likelihood, whatever the architecture."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from evaluator.backends.runner import Runner
from evaluator.backends.scoring import Pair, score_pairs

NATS = 1e-4
VOCABULARY = 200
WINDOW = 16
"""Shorter than every prompt here, so that a place counted wrongly shows."""
SIZE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "max_position_embeddings": 256,
}
LLAMA = {**SIZE, "num_key_value_heads": 2}
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": LLAMA,
    "qwen2": LLAMA,
    "mistral": {**LLAMA, "sliding_window": WINDOW},
    "gemma2": {**LLAMA, "head_dim": 8, "sliding_window": WINDOW, "query_pre_attn_scalar": 8},
    "gpt2": {"n_embd": 32, "n_layer": 4, "n_head": 4, "n_positions": 256},
    "gpt_neox": SIZE,
    "opt": {**SIZE, "ffn_dim": 64, "word_embed_proj_dim": 32},
    "bloom": {"hidden_size": 32, "n_layer": 4, "n_head": 4},
    "gpt_neo": {
        "hidden_size": 32,
        "num_layers": 4,
        "num_heads": 4,
        "max_position_embeddings": 256,
        "attention_types": [[["global", "local"], 2]],
        "window_size": WINDOW,
    },
    "mixtral": {**LLAMA, "num_local_experts": 4},
    "mpt": {"d_model": 32, "n_layers": 4, "n_heads": 4, "max_seq_len": 256},
}
LAYOUTS = ("shots", "nothing shared", "one stem", "stems inside stems")

Scores = dict[Pair, tuple[float, bool]]


@cache
def model_of(family: str) -> Any:
    """A random model, its weights far enough from 0 that every place matters."""
    config = AutoConfig.for_model(
        family, vocab_size=VOCABULARY, bos_token_id=0, eos_token_id=0, **FAMILIES[family]
    )
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).float().eval()
    for weights in model.parameters():
        weights.data.normal_(0, 0.2)
    return model


def plain(model: Any, ids: tuple[int, ...]) -> torch.Tensor:
    """(L, V) log-probabilities of one sequence, alone and without a cache."""
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
    return logits.float().log_softmax(-1)


def written_by(model: Any, stem: tuple[int, ...], count: int) -> tuple[int, ...]:
    """What greedy decoding writes after a stem."""
    ids = stem
    for _ in range(count):
        ids = (*ids, int(plain(model, ids)[-1].argmax()))
    return ids[len(stem) :]


def stems_of(layout: str) -> list[tuple[int, ...]]:
    rng = random.Random(3)

    def draw(count: int) -> tuple[int, ...]:
        return tuple(rng.randrange(VOCABULARY) for _ in range(count))

    if layout == "shots":
        shared = draw(40)
        return [shared + draw(count) for count in (3, 29, 11, 11, 17)]
    if layout == "one stem":
        return [draw(30)]
    if layout == "stems inside stems":
        longest = draw(60)
        return [longest[:count] for count in (60, 20, 21, 45)]
    return [draw(count) for count in (1, 2, 40, 40, 23)]


@cache
def pairs_of(family: str, layout: str) -> tuple[Pair, ...]:
    """Long and short answers, one token and many, answers inside answers, a greedy one, doubles."""
    rng = random.Random(4)
    pairs = []
    for stem in stems_of(layout):
        conts = [
            tuple(rng.randrange(VOCABULARY) for _ in range(count)) for count in (1, 1, 2, 5, 9)
        ]
        conts += [conts[-1][:4], (*conts[-1][:-1], 7), written_by(model_of(family), stem, 3)]
        pairs += [Pair(stem, cont) for cont in conts]
    pairs += pairs[:3]
    rng.shuffle(pairs)
    return tuple(pairs)


@cache
def one_at_a_time(family: str, layout: str) -> Scores:
    model, found = model_of(family), {}
    for pair in pairs_of(family, layout):
        rows = plain(model, (pair.stem + pair.cont)[:-1])[len(pair.stem) - 1 :]
        ids = torch.tensor(pair.cont)
        total = rows[torch.arange(len(ids)), ids].double().sum().item()
        found[pair] = total, bool((rows.argmax(-1) == ids).all())
    return found


def shared(family: str, layout: str, batch_tokens: int) -> tuple[Scores, int]:
    """Scores, and the tokens that scoring fed."""
    runner = Runner(model_of(family), "cpu", batch_tokens)
    with torch.inference_mode():
        _ = runner.holes_are_exact  # a few tokens once a model, however many pairs there are
        before = runner.tokens_fed
        return score_pairs(runner, pairs_of(family, layout)), runner.tokens_fed - before


@pytest.mark.parametrize("batch_tokens", [1, 64, 16_384])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_shared_passes_score_as_one_sequence_at_a_time(
    family: str, layout: str, batch_tokens: int
) -> None:
    found, _ = shared(family, layout, batch_tokens)
    expected = one_at_a_time(family, layout)
    assert found.keys() == expected.keys()
    for pair, (logprob, greedy) in expected.items():
        assert found[pair][0] == pytest.approx(logprob, abs=NATS, rel=0)
        assert found[pair][1] == greedy
    assert {greedy for _, greedy in found.values()} == {True, False}


@pytest.mark.parametrize("batch_tokens", [1, 64, 16_384])
@pytest.mark.parametrize("layout", ["shots", "one stem"])
@pytest.mark.parametrize("family", FAMILIES)
def test_fewer_tokens_are_fed_than_one_sequence_at_a_time(
    family: str, layout: str, batch_tokens: int
) -> None:
    naive = sum(len(pair.stem + pair.cont) - 1 for pair in set(pairs_of(family, layout)))
    _, fed = shared(family, layout, batch_tokens)
    assert 0 < fed < naive / 2


@pytest.mark.parametrize("family", FAMILIES)
def test_shots_are_fed_once_for_all_questions(family: str) -> None:
    """Shots, stems and tails, each distinct one once; more only where rows are filled up."""
    pairs = set(pairs_of(family, "shots"))
    stems = {pair.stem for pair in pairs}
    tails = {(pair.stem, pair.cont[:-1]) for pair in pairs}
    least = 40 + sum(len(stem) - 40 for stem in stems) + sum(len(tail) for _, tail in tails)
    assert shared(family, "shots", 1)[1] == least


@pytest.mark.parametrize("family", ["llama", "gpt2", "bloom"])
def test_models_of_full_attention_go_on_after_filled_up_rows(family: str) -> None:
    with torch.inference_mode():
        assert Runner(model_of(family), "cpu", 64).holes_are_exact


@pytest.mark.parametrize("family", ["mistral", "gemma2", "mpt"])
def test_models_that_count_places_in_the_cache_never_do(family: str) -> None:
    with torch.inference_mode():
        assert not Runner(model_of(family), "cpu", 64).holes_are_exact


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_coarse_numbers_could_hide_an_error_so_holes_are_never_trusted(dtype: torch.dtype) -> None:
    config = AutoConfig.for_model("llama", vocab_size=VOCABULARY, **LLAMA)
    model = AutoModelForCausalLM.from_config(config).to(dtype).eval()
    assert not Runner(model, "cpu", 64).holes_are_exact
