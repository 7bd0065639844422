"""Greedy generation: each text ends by its own stop string, end of text or length, and leaves.

What prompts begin with is computed once. Models that take trees write side by side in one row; the
others in batches that are filled up on the left.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from evaluator.backends.desk import Desk
from evaluator.backends.ending import Ending, Written, likeliest
from evaluator.backends.runner import Runner
from evaluator.backends.sharing import Sharing
from evaluator.backends.trie import Row, plan_branches


def write_greedily(
    runner: Runner,
    sharing: Sharing,
    prompts: Sequence[Row],
    ending: Ending,
    beginning: Row = (),
) -> list[Written]:
    """Write after each prompt; equal prompts once.

    Args:
        runner: the model.
        sharing: how it shares.
        prompts: ids, at least one each.
        ending: what ends a text.
        beginning: tokens that these and other prompts of the task begin with.

    Raises:
        ModelError: logits that are no numbers.
    """
    distinct = sorted(set(prompts), key=lambda prompt: (-len(prompt), prompt))
    longest = len(distinct[0]) + ending.max_tokens
    if sharing.path == "tree" and not (sharing.longest and longest > sharing.longest):
        found = Desk(runner, ending, plan_branches(distinct, beginning)).write()
    else:
        found = _write_in_batches(runner, distinct, ending)
    return [found[prompt] for prompt in prompts]


def write_alone(runner: Runner, prompts: Sequence[Row], ending: Ending) -> list[Written]:
    """Write after each prompt by itself; equal prompts once.

    Shapes then equal those of a harness that asks one prompt at a time, down to the last digit of a
    coarse number format.
    """
    found = {prompt: _write_batch(runner, [prompt], ending)[0] for prompt in dict.fromkeys(prompts)}
    return [found[prompt] for prompt in prompts]


def _write_in_batches(runner: Runner, prompts: Sequence[Row], ending: Ending) -> dict[Row, Written]:
    """Write after prompts, longest first, in batches within the token budget."""
    found: dict[Row, Written] = {}
    while len(found) < len(prompts):
        width = len(prompts[len(found)]) + ending.max_tokens
        size = max(1, runner.batch_tokens // width)
        batch = prompts[len(found) : len(found) + size]
        found |= zip(batch, _write_batch(runner, batch, ending), strict=True)
    return found


def _write_batch(runner: Runner, prompts: Sequence[Row], ending: Ending) -> list[Written]:
    device = runner.device
    length = max(map(len, prompts))
    tokens = torch.tensor([[0] * (length - len(p)) + list(p) for p in prompts], device=device)
    mask = torch.tensor([[0] * (length - len(p)) + [1] * len(p) for p in prompts], device=device)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    written: list[list[int]] = [[] for _ in prompts]
    ended: dict[int, Written] = {}
    alive = list(range(len(prompts)))
    cache = None
    while alive:
        output = runner.run(
            tokens,
            1,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
        )
        cache = output.past_key_values
        following = likeliest(output.logits[:, -1])
        stay = []
        for line, (row, token) in enumerate(zip(alive, following.tolist(), strict=True)):
            written[row].append(token)
            text = ending.finish(written[row])
            if text is None:
                stay.append(line)
            else:
                ended[row] = text
        alive = [alive[line] for line in stay]
        if len(stay) < len(mask):
            kept = torch.tensor(stay, dtype=torch.long, device=device)
            cache.reorder_cache(kept)
            following, mask, positions = following[kept], mask[kept], positions[kept]
        tokens = following[:, None]
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
        positions = positions[:, -1:] + 1
    return [ended[row] for row in range(len(prompts))]
