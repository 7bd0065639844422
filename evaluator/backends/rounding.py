"""Log-likelihoods in the model's own number format, as lm-evaluation-harness 0.4.13 takes them.

For protocol `lm-eval` below fp32: that harness takes the log-softmax and adds up tokens in the
format of the weights, and in a coarse format even the shape of a product shows in the last digit.
So every text enters whole and alone, as there with batch size 1; only equal texts enter once.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from evaluator.backends.runner import Runner
from evaluator.backends.tokens import Scored, add_up
from evaluator.backends.trie import Pair, Row


def rounds(model_dtype: torch.dtype, protocol: str) -> bool:
    """Tell whether log-probabilities are to be rounded to the model's format."""
    return protocol == "lm-eval" and model_dtype != torch.float32


def score_rounded(runner: Runner, pairs: Sequence[Pair]) -> dict[Pair, Scored]:
    """Return every distinct pair's (rounded log-likelihood in nats, whether greedy writes it).

    Raises:
        ModelError: a log-likelihood that is no number.
    """
    by_text: dict[Row, list[Pair]] = {}
    for pair in dict.fromkeys(pairs):
        by_text.setdefault(pair.stem + pair.cont[:-1], []).append(pair)
    found: dict[Pair, Scored] = {}
    for text, group in by_text.items():
        logits = runner.run(torch.tensor([text]), 0).logits[0]
        logprobs = logits.log_softmax(dim=-1)
        for pair in group:
            ids = torch.tensor(pair.cont, device=logits.device)
            own = logprobs[-len(ids) :]
            total = own.gather(1, ids[:, None]).sum()
            greedy = bool((own.argmax(dim=-1) == ids).all())
            found[pair] = add_up([(float(total), greedy)])
    return found
