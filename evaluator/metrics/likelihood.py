"""Likelihood: the model is shown a text up to its last words and gives those a log-likelihood."""

from __future__ import annotations

import numpy as np

from evaluator.core.records import Items, Score
from evaluator.metrics.base import mean_of, table_metric


@table_metric()
def greedy_match(items: Items) -> Score:
    """Share of items whose missing words are what greedy decoding would have written.

    Range 0 to 1, higher is better. Every token must be the likeliest one at its place. The same as
    lm-evaluation-harness `acc` of its log-likelihood tasks (LAMBADA: Paperno et al. 2016,
    arXiv 1606.06031).
    """
    return mean_of(items.columns["correct"], proportion=True)


@table_metric(
    baseline=lambda examples: float("inf"), best=1.0, worst=float("inf"), reads="logprobs"
)
def perplexity(items: Items) -> Score:
    """How many words the model hesitates between: `exp(-mean log-likelihood)` over the items.

    From 1 without an upper end, lower is better; an item counts once, however many tokens it has.
    The same as lm-evaluation-harness `perplexity`. Influence by the delta method.
    """
    mean = mean_of(items.columns["value"])
    value = float(np.exp(-mean.value))
    return Score(value=value, influence=-value * mean.influence, proportion=False)
