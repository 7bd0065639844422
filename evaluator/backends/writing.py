"""Greedy generation: each text ends by its own stop string, end of text or length, and leaves.

What prompts begin with is computed once. Models that take trees write side by side in one row
(`desk`), others in batches (`rows`), and one that cannot go on after a cache one text at a time.
"""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.backends.desk import Desk
from evaluator.backends.ending import Ending, Written, likeliest
from evaluator.backends.rows import write_by_rows
from evaluator.backends.runner import Runner
from evaluator.backends.sharing import Sharing
from evaluator.backends.trie import Branch, Row, plan_branches


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
    # past this length positions depend on the longest text of a pass
    alone = 0 < sharing.longest < len(distinct[0]) + ending.max_tokens
    if sharing.path == "plain":
        found = {prompt: _write_plainly(runner, prompt, ending) for prompt in distinct}
    elif sharing.path == "tree" and not alone:
        found = Desk(runner, ending, plan_branches(distinct, beginning)).write()
    elif runner.cache_is_plain and not alone:
        found = write_by_rows(runner, plan_branches(distinct, beginning), ending)
    else:
        found = write_by_rows(runner, Branch((), tuple(distinct), ()), ending, alone=alone)
    return [found[prompt] for prompt in prompts]


def write_alone(runner: Runner, prompts: Sequence[Row], ending: Ending) -> list[Written]:
    """Write after each prompt by itself; equal prompts once.

    Shapes then equal those of a harness that asks one prompt at a time, down to the last digit of a
    coarse number format.
    """
    root = Branch((), tuple(dict.fromkeys(prompts)), ())
    found = write_by_rows(runner, root, ending, alone=True)
    return [found[prompt] for prompt in prompts]


def _write_plainly(runner: Runner, prompt: Row, ending: Ending) -> Written:
    """Write one text without a cache: for models that cannot go on after one."""
    written: list[int] = []
    while True:
        logits, _ = runner.feed([[*prompt, *written]], 1)
        written += likeliest(logits[:, -1]).tolist()
        text = ending.finish(written)
        if text is not None:
            return text
