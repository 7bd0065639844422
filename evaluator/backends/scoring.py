"""Log-likelihoods of many (context, continuation) pairs, each shared token computed once."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.backends.levels import score_by_levels
from evaluator.backends.runner import Runner
from evaluator.backends.sharing import Sharing, score_plainly
from evaluator.backends.tokens import Scored
from evaluator.backends.tree import score_by_trees
from evaluator.backends.trie import Pair, Row, plan_branches

WAYS = {"tree": score_by_trees, "levels": score_by_levels, "plain": score_plainly}


def score_pairs(
    runner: Runner, sharing: Sharing, pairs: Sequence[Pair], beginning: Row = ()
) -> dict[Pair, Scored]:
    """Return every distinct pair's (log-likelihood in nats, whether greedy decoding writes it).

    Args:
        runner: the model.
        sharing: how it shares.
        pairs: what to score.
        beginning: tokens that these and other contexts of the task begin with; they stay computed
            for the next call.

    Raises:
        ModelError: a log-likelihood that is no number.
    """
    conts: dict[Row, list[Row]] = {}
    for pair in dict.fromkeys(pairs):
        conts.setdefault(pair.stem, []).append(pair.cont)
    longest = max(len(pair.stem + pair.cont) for pair in pairs)
    path = "plain" if sharing.longest and longest > sharing.longest else sharing.path
    free = runner.row_tokens if path == "tree" else 0
    return WAYS[path](runner, plan_branches(list(conts), beginning, free), conts)
