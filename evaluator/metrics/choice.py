"""Choice: the model gives every option a log-likelihood and the highest wins."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from evaluator.core.records import Example, FloatArray, Response
from evaluator.metrics.base import mean_metric


def candidates(example: Example) -> tuple[int, ...]:
    """Return the indices of the choices among which a pick is made."""
    return example.candidates or tuple(range(len(example.choices)))


def pick(example: Example, scores: Sequence[float]) -> tuple[int, bool]:
    """Return (index of the winning choice, whether several tied for it).

    Ties are settled by the hash of item and choice: the same everywhere, favouring no position.
    Protocol lm-eval settles them by position instead (`Example.ties`).
    """
    among = candidates(example)
    top = max(scores[i] for i in among)
    tied = [i for i in among if scores[i] == top]
    return min(tied, key=lambda i: lot(example, i)), len(tied) > 1


def lot(example: Example, index: int) -> tuple[str, int]:
    """Return what settles ties: the hash of item and choice, or the position."""
    if example.ties != "lot":
        return "", index if example.ties == "first" else -index
    text = f"{example.id}\n{example.choices[index]}"
    return hashlib.sha256(text.encode()).hexdigest(), index


def order_of(
    example: Example, responses: tuple[Response, ...], length: Callable[[str], int]
) -> list[int]:
    """Return the candidates' indices, best first: by log-likelihood over length, then by lot."""

    def place(i: int) -> tuple[float, tuple[str, int]]:
        return -responses[i].logprob / max(length(example.choices[i]), 1), lot(example, i)

    return sorted(candidates(example), key=place)


def rank_of_gold(
    example: Example, responses: tuple[Response, ...], length: Callable[[str], int]
) -> int:
    """Return the place from 1 of the best right choice."""
    order = order_of(example, responses, length)
    return min(place for place, i in enumerate(order, 1) if i in example.gold)


def guess_rate(examples: tuple[Example, ...]) -> float:
    """Expected accuracy of a uniform guess: the mean over items of right options / options."""
    rates = []
    for example in examples:
        among = candidates(example)
        rates.append(len(set(example.gold) & set(among)) / len(among))
    return float(np.mean(rates))


def true_share(examples: tuple[Example, ...]) -> float:
    """Expected `mc2` of a uniform guess: the mean over items of true options / all options."""
    return float(np.mean([len(e.gold) / len(e.choices) for e in examples]))


def probabilities(responses: tuple[Response, ...]) -> FloatArray:
    """Return the (k,) softmax of the choices' log-likelihoods."""
    logprobs = np.array([response.logprob for response in responses])
    shifted = np.exp(logprobs - logprobs.max())
    result: FloatArray = shifted / shifted.sum()
    return result


def pick_by_length(
    example: Example, responses: tuple[Response, ...], length: Callable[[str], int]
) -> tuple[int, bool]:
    """Pick by log-likelihood divided by `length(choice)`; a length of 0 counts as 1."""
    pairs = zip(example.choices, responses, strict=True)
    return pick(example, [r.logprob / max(length(choice), 1) for choice, r in pairs])


@mean_metric(baseline=guess_rate, proportion=True, reads="pick")
def acc(example: Example, responses: tuple[Response, ...]) -> float:
    """Share of items where the option with the highest log-likelihood is right.

    Range 0 to 1, higher is better. Exact ties are settled by a hash of item and choice and counted
    in the result. The same as lm-evaluation-harness `acc`, but for ties (there: the first option).
    """
    return float(pick_by_length(example, responses, lambda choice: 1)[0] in example.gold)


@mean_metric(baseline=guess_rate, proportion=True, reads="pick")
def acc_norm(example: Example, responses: tuple[Response, ...]) -> float:
    """As `acc`, with each log-likelihood divided by the characters of its option.

    Range 0 to 1, higher is better. Characters of the option as written, without the space before
    it: lm-evaluation-harness `acc_norm`.
    """
    return float(pick_by_length(example, responses, len)[0] in example.gold)


@mean_metric(baseline=guess_rate, proportion=True, reads="pick")
def acc_bytes(example: Example, responses: tuple[Response, ...]) -> float:
    """As `acc`, with each log-likelihood divided by the UTF-8 bytes of its option.

    Range 0 to 1, higher is better. lm-evaluation-harness `acc_bytes`.
    """
    return float(pick_by_length(example, responses, lambda c: len(c.encode()))[0] in example.gold)


@mean_metric(baseline=true_share)
def mc2(example: Example, responses: tuple[Response, ...]) -> float:
    """Probability that falls on the true options, softmax over all options of an item.

    Range 0 to 1, higher is better. TruthfulQA's MC2 (Lin et al. 2022, arXiv 2109.07958), without
    length normalisation.
    """
    return float(probabilities(responses)[list(example.gold)].sum())


@mean_metric(best=0.0, worst=2.0)
def brier(example: Example, responses: tuple[Response, ...]) -> float:
    """Squared distance between the options' probabilities and what is right.

    `mean_i sum_k (p_ik - y_ik)^2` with p the softmax of the log-likelihoods; range 0 to 2, lower is
    better. A proper score (Brier 1950). Where several options are right they share y equally.
    """
    p = probabilities(responses)
    p[list(example.gold)] -= 1 / len(example.gold)
    return float(np.sum(p**2))


@mean_metric(best=0.0, worst=float("inf"))
def log_loss(example: Example, responses: tuple[Response, ...]) -> float:
    """Surprise at the right option: `-mean ln p_gold`, p the softmax of the log-likelihoods.

    From 0 without an upper end, in nats, lower is better; p is clipped at 1e-12. A proper score.
    Good 1952, "Rational decisions"; scikit-learn's `log_loss` is the reference.
    """
    return -float(np.log(max(probabilities(responses)[list(example.gold)].sum(), 1e-12)))
