"""Generation: the model writes a text and the answer in it is compared with the right ones."""

from __future__ import annotations

from collections import Counter

from evaluator.core.records import Example, Items, Response, Score
from evaluator.metrics.base import mean_metric, mean_of, table_metric
from evaluator.metrics.text import answer_tokens


@table_metric()
def exact_match(items: Items) -> Score:
    """Share of items whose extracted answer equals a right answer after normalisation.

    Range 0 to 1, higher is better. How the answer is extracted and normalised stands with the task;
    an empty answer is wrong.
    """
    return mean_of(items.columns["correct"], proportion=True)


def overlap_f1(answer: str, gold: str) -> float:
    """Return the F1 of two texts as multisets of normalised tokens (SQuAD's rule)."""
    found, wanted = Counter(answer_tokens(answer)), Counter(answer_tokens(gold))
    shared = sum((found & wanted).values())
    if not found and not wanted:
        return 1.0
    return 2 * shared / (found.total() + wanted.total())


@mean_metric(reads="text")
def token_f1(example: Example, responses: tuple[Response, ...]) -> float:
    """Overlap of the written text with the closest right answer, as F1 over tokens.

    Range 0 to 1, higher is better. Multisets of normalised tokens as in SQuAD 1.1 (Rajpurkar et al.
    2016, arXiv 1606.05250); Chinese, Japanese and Korean characters are tokens of their own.
    """
    return max((overlap_f1(responses[0].text, gold) for gold in example.answers), default=0.0)
