"""How a model may share what texts have in common: tried on the model itself, never assumed.

Trees are the fastest, batches after a cache fit nearly every architecture, and one sequence at a
time is always right. What fails here fails silently elsewhere: a mask that a layer ignores, a
window that counts places, a position that is not the depth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from evaluator.backends.levels import score_by_levels
from evaluator.backends.runner import Runner
from evaluator.backends.tokens import Scored, add_up, score_tokens
from evaluator.backends.tree import Conts, score_by_trees
from evaluator.backends.trie import LEAST_SHARED, Branch, Pair, Row

TEST_NATS = 3e-5
"""Most that a way of sharing may differ from one sequence at a time, in fp32."""
TEST_WINDOW = 8
"""Sliding window during the test, so that short texts pass it."""
TREE_MODELS = frozenset(
    (
        *("cohere", "deepseek_v3", "falcon", "gemma2", "gemma3_text", "gpt2", "gpt_neox"),
        *("gpt_oss", "gptj", "granite", "llama", "mistral", "mixtral", "olmo2", "opt", "phi"),
        *("phi3", "qwen2", "qwen3", "qwen3_moe", "stablelm"),
    )
)
"""Architectures whose attention is given by mask and position alone. Others may hide a window or a
bias that a short test cannot see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """The way that was chosen."""

    path: str
    """tree, levels or plain."""
    gap: float
    """Largest difference of a log-likelihood from one sequence at a time in the test, in nats."""
    longest: int
    """Texts of more tokens are never shared, since positions are then computed in another way; 0 if
    that never happens."""


def choose_sharing(runner: Runner) -> Sharing:
    """Return the fastest way that this model takes exactly.

    Raises:
        ModelError: the model answers with something that is no number.
    """
    root, conts = _sample(int(runner.model.get_input_embeddings().num_embeddings))
    config = runner.model.config.get_text_config()
    longest = longest_shared(config)
    ways = {"tree": score_by_trees, "levels": score_by_levels}
    if config.model_type not in TREE_MODELS:
        del ways["tree"]
    with _in_fp32(runner.model), _short_window(config):
        expected = score_plainly(runner, root, conts)
        for path, score in ways.items():
            runner.forget()
            try:
                found = score(runner, root, conts)
            except Exception:  # a model may raise anything at a mask it does not know
                continue
            gap = max(abs(found[pair][0] - expected[pair][0]) for pair in expected)
            if gap <= TEST_NATS:
                runner.forget()
                return Sharing(path=path, gap=gap, longest=longest)
    runner.forget()
    return Sharing(path="plain", gap=0.0, longest=0)


def score_plainly(runner: Runner, root: Branch, conts: Conts) -> dict[Pair, Scored]:
    """Score one sequence at a time, sharing nothing but equal ones."""
    found: dict[Pair, Scored] = {}
    for stem in _stems(root):
        for cont in conts[stem]:
            logits, _ = runner.feed([stem + cont[:-1]], len(cont))
            wanted = list(enumerate(cont))
            scored = score_tokens(logits[0], wanted)
            found[Pair(stem, cont)] = add_up([scored[at] for at in wanted])
    return found


def _stems(branch: Branch) -> Iterator[Row]:
    yield from branch.stems
    for child in branch.branches:
        yield from _stems(child)


def _sample(vocabulary: int) -> tuple[Branch, Conts]:
    """Return contexts three levels deep, of unequal lengths, with long and short continuations."""
    generator = torch.Generator().manual_seed(1)
    ids: Row = tuple(torch.randint(vocabulary, (64,), generator=generator).tolist())
    trunk, twig = ids[:LEAST_SHARED], ids[20:24]
    stems = (trunk + ids[24:29], trunk + ids[24:26] + ids[30:40])
    deep = (trunk + twig + ids[40:43], trunk + twig + ids[43:44])
    answers = (ids[50:51], ids[51:54], ids[51:53] + ids[60:62])
    branch = Branch(twig, tuple(sorted(deep)), ())
    return (
        Branch(trunk, tuple(sorted(stems)), (branch,)),
        dict.fromkeys((*stems, *deep), answers),
    )


def longest_shared(config: Any) -> int:
    """Return past how many tokens rotary positions switch to other factors, for all places."""
    rope = getattr(config, "rope_parameters", None) or {}
    if rope.get("rope_type") in ("dynamic", "longrope"):
        known = rope.get("original_max_position_embeddings")
        return int(known or config.max_position_embeddings)
    return 0


@contextmanager
def _in_fp32(model: Any) -> Iterator[None]:
    """Widen the weights for a while: coarser numbers would hide a small error."""
    held: Sequence[tuple[Any, torch.Tensor]] = [
        (weights, weights.data)
        for weights in model.parameters()
        if weights.dtype in (torch.bfloat16, torch.float16)
    ]
    try:
        for weights, data in held:
            weights.data = data.float()
        yield
    finally:
        for weights, data in held:
            weights.data = data


@contextmanager
def _short_window(config: Any) -> Iterator[None]:
    """Shorten a sliding window for a while."""
    window = getattr(config, "sliding_window", None)
    if not window:
        yield
        return
    config.sliding_window = min(window, TEST_WINDOW)
    try:
        yield
    finally:
        config.sliding_window = window
