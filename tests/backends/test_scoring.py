"""Sharing what pairs have in common changes no log-likelihood, whatever the architecture."""

from __future__ import annotations

import copy
import random
from functools import cache
from typing import Any

import pytest
import torch
from random_models import FAMILIES, LLAMA, SHOTS, TREES, VOCABULARY, chosen, model_of, plain, way
from transformers import AutoConfig, AutoModelForCausalLM

from evaluator.backends.runner import Runner
from evaluator.backends.scoring import score_pairs
from evaluator.backends.sharing import TEST_NATS, Sharing, choose_sharing
from evaluator.backends.trie import Pair
from evaluator.core.errors import ModelError

NATS = 1e-4
LAYOUTS = ("shots", "nothing shared", "one stem", "stems inside stems")

Scores = dict[Pair, tuple[float, bool]]


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


def ways_of(family: str) -> list[str]:
    """The way that is chosen, and those that are always right."""
    return list(dict.fromkeys([chosen(family).path, "levels", "plain"]))


def shared(
    family: str, layout: str, batch_tokens: int, path: str, beginning: tuple[int, ...] = ()
) -> tuple[Scores, int]:
    """Scores, and the tokens that scoring fed."""
    runner = Runner(model_of(family), "cpu", batch_tokens)
    with torch.inference_mode():
        _ = runner.holes_are_exact  # a few tokens once a model, however many pairs there are
        before = runner.tokens_fed
        found = score_pairs(runner, way(path), pairs_of(family, layout), beginning)
        return found, runner.tokens_fed - before


@pytest.mark.parametrize("family", FAMILIES)
def test_the_fastest_exact_way_is_chosen_by_trying(family: str) -> None:
    found = chosen(family)
    assert found.path == ("tree" if family in TREES else "levels")
    assert 0 <= found.gap <= TEST_NATS


@pytest.mark.parametrize("batch_tokens", [24, 16_384])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_shared_passes_score_as_one_sequence_at_a_time(
    family: str, layout: str, batch_tokens: int
) -> None:
    expected = one_at_a_time(family, layout)
    assert {greedy for _, greedy in expected.values()} == {True, False}
    for path in ways_of(family)[: None if batch_tokens > 24 else -1]:
        found, _ = shared(family, layout, batch_tokens, path)
        assert found.keys() == expected.keys()
        for pair, (logprob, greedy) in expected.items():
            assert found[pair][0] == pytest.approx(logprob, abs=NATS, rel=0), path
            assert found[pair][1] == greedy


@pytest.mark.parametrize("batch_tokens", [64, 16_384])
@pytest.mark.parametrize("layout", ["shots", "one stem"])
@pytest.mark.parametrize("family", FAMILIES)
def test_fewer_tokens_are_fed_than_one_sequence_at_a_time(
    family: str, layout: str, batch_tokens: int
) -> None:
    naive = sum(len(pair.stem + pair.cont) - 1 for pair in set(pairs_of(family, layout)))
    _, fed = shared(family, layout, batch_tokens, "levels", SHOTS)
    assert 0 < fed < naive / 2


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", ["llama", "mistral", "gemma2"])
def test_a_tree_feeds_every_node_of_the_trie_once(family: str, layout: str) -> None:
    pairs = set(pairs_of(family, layout))
    paths = {(pair.stem + pair.cont)[:-1] for pair in pairs}
    nodes = {path[:count] for path in paths for count in range(1, len(path) + 1)}
    assert shared(family, layout, 16_384, "tree", SHOTS)[1] == len(nodes)


@pytest.mark.parametrize("family", FAMILIES)
def test_shots_are_fed_once_for_all_questions(family: str) -> None:
    """Shots, stems and tails, each distinct one once; more only where rows are filled up."""
    pairs = set(pairs_of(family, "shots"))
    stems = {pair.stem for pair in pairs}
    tails = {(pair.stem, pair.cont[:-1]) for pair in pairs}
    least = 40 + sum(len(stem) - 40 for stem in stems) + sum(len(tail) for _, tail in tails)
    assert shared(family, "shots", 1, "levels", SHOTS)[1] == least


@pytest.mark.parametrize("path", ["tree", "levels"])
def test_shots_stay_for_the_next_pack(path: str) -> None:
    pairs = pairs_of("llama", "shots")
    runner = Runner(model_of("llama"), "cpu", 16_384)
    with torch.inference_mode():
        first = score_pairs(runner, way(path), pairs, SHOTS)
        before = runner.tokens_fed
        again = score_pairs(runner, way(path), pairs, SHOTS)
        saved = before - (runner.tokens_fed - before)
    assert again == first  # to the bit
    assert saved >= len(SHOTS)


def test_a_model_whose_positions_switch_shares_nothing_past_the_switch() -> None:
    pairs = pairs_of("llama", "shots")
    naive = sum(len(pair.stem + pair.cont) - 1 for pair in set(pairs))
    for longest, less in ((20, False), (1000, True)):
        runner = Runner(model_of("llama"), "cpu", 16_384)
        with torch.inference_mode():
            score_pairs(runner, Sharing(path="tree", gap=0.0, longest=longest), pairs, SHOTS)
        assert (runner.tokens_fed < naive) == less


def test_a_longrope_model_names_where_its_positions_switch() -> None:
    rope = {"rope_type": "longrope", "short_factor": [1.0] * 4, "long_factor": [2.0] * 4,
            "factor": 4.0, "rope_theta": 1e4, "original_max_position_embeddings": 64}  # fmt: skip
    config = AutoConfig.for_model(
        "phi3", vocab_size=VOCABULARY, pad_token_id=0, eos_token_id=0, bos_token_id=0,
        rope_parameters=rope, original_max_position_embeddings=64, **LLAMA,
    )  # fmt: skip
    model = AutoModelForCausalLM.from_config(config).float().eval()
    with torch.inference_mode():
        assert choose_sharing(Runner(model, "cpu", 64)).longest == 64


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_coarse_model_is_tried_in_fp32_and_gets_its_weights_back(dtype: torch.dtype) -> None:
    config = AutoConfig.for_model("llama", vocab_size=VOCABULARY, **LLAMA)
    model = AutoModelForCausalLM.from_config(config).to(dtype).eval()
    before = {name: weights.clone() for name, weights in model.state_dict().items()}
    with torch.inference_mode():
        found = choose_sharing(Runner(model, "cpu", 64))
    assert (found.path, found.gap < TEST_NATS) == ("tree", True)
    for name, weights in model.state_dict().items():
        assert weights.dtype == before[name].dtype
        assert torch.equal(weights, before[name])


def test_a_layer_that_ignores_the_mask_is_found_out() -> None:
    """Without its mask every token of a tree would see its neighbours' branches."""
    model = copy.deepcopy(model_of("llama"))
    plain_forward = model.forward

    def forward(**asked: Any) -> Any:
        mask = asked.get("attention_mask")
        if mask is not None and mask.dim() == 4:
            asked["attention_mask"] = torch.zeros_like(mask)
        return plain_forward(**asked)

    model.forward = forward
    with torch.inference_mode():
        assert choose_sharing(Runner(model, "cpu", 64)).path == "levels"


def test_a_model_that_takes_no_cache_is_scored_plainly() -> None:
    model = copy.deepcopy(model_of("llama"))
    plain_forward = model.forward

    def forward(**asked: Any) -> Any:
        if asked.get("past_key_values") is not None:
            raise ValueError("no cache here")
        return plain_forward(**asked)

    model.forward = forward
    with torch.inference_mode():
        found = choose_sharing(Runner(model, "cpu", 64))
    assert (found.path, found.gap) == ("plain", 0.0)


# --- memory ---


class Small:
    """A forward pass that asks for more memory than any machine has once it gets long."""

    def __init__(self, model: Any, most: int) -> None:
        self.most = most
        self.asked: list[int] = []
        self.hook = model.register_forward_pre_hook(self, with_kwargs=True)

    def __call__(self, module: Any, args: Any, asked: dict[str, Any]) -> None:
        self.asked.append(asked["input_ids"].numel())
        if self.asked[-1] > self.most:
            torch.empty(2**60)  # the real fault of the real allocator


@pytest.mark.parametrize("path", ["tree", "levels"])
def test_batches_are_halved_for_good_when_memory_runs_out(path: str) -> None:
    model = copy.deepcopy(model_of("llama"))
    runner = Runner(model, "cpu", 16_384)
    small = Small(model, most=50)
    with torch.inference_mode():
        pairs = pairs_of("llama", "nothing shared")
        found = runner.within_memory(lambda: score_pairs(runner, way(path), pairs))
        halved, failed = runner.batch_tokens, sum(count > 50 for count in small.asked)
        small.asked.clear()
        runner.within_memory(lambda: score_pairs(runner, way(path), pairs))
    assert failed >= 1
    assert halved < 16_384
    assert runner.batch_tokens == halved
    assert max(small.asked) <= 50
    for pair, (logprob, _) in one_at_a_time("llama", "nothing shared").items():
        assert found[pair][0] == pytest.approx(logprob, abs=NATS, rel=0)


def test_a_model_too_big_for_one_token_is_told() -> None:
    model = copy.deepcopy(model_of("llama"))
    runner = Runner(model, "cpu", 64)
    Small(model, most=0)
    with torch.inference_mode(), pytest.raises(ModelError, match="not enough memory"):
        runner.within_memory(lambda: score_pairs(runner, way("tree"), pairs_of("llama", "shots")))


def test_other_faults_are_not_taken_for_memory() -> None:
    def fail() -> None:
        raise RuntimeError("shapes do not match")

    runner = Runner(model_of("llama"), "cpu", 64)
    with pytest.raises(RuntimeError, match="shapes"):
        runner.within_memory(fail)
    assert runner.batch_tokens == 64


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
