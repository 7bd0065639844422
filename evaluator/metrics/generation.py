"""Generation: the model writes a text and the answer in it is compared with the right ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from evaluator.core.records import Example, Items, Response, Score
from evaluator.metrics.base import mean_metric, mean_of, table_metric
from evaluator.metrics.text import answer_tokens, normalise_answer, word_tokens


@table_metric()
def exact_match(items: Items) -> Score:
    """Share of items whose extracted answer equals a right answer after normalisation.

    Range 0 to 1, higher is better. How the answer is extracted and normalised stands with the task;
    an empty answer is wrong. One text is written an item, so this is pass@1 too (Chen et al. 2021,
    arXiv 2107.03374).
    """
    return mean_of(items.columns["correct"], proportion=True)


@mean_metric(proportion=True, reads="text")
def quasi_exact_match(example: Example, responses: tuple[Response, ...]) -> float:
    """Share of items whose whole text equals a right answer but for case, punctuation, articles.

    Range 0 to 1, higher is better; an empty text is wrong even if the right answer is empty. The
    same as HELM `quasi_exact_match` (Liang et al. 2022, arXiv 2211.09110), with punctuation of all
    scripts.
    """
    said = normalise_answer(responses[0].text)
    return float(bool(said) and said in {normalise_answer(gold) for gold in example.answers})


@mean_metric(proportion=True, reads="text")
def prefix_match(example: Example, responses: tuple[Response, ...]) -> float:
    """Share of items whose text begins with a right answer, normalised as `quasi_exact_match`.

    Range 0 to 1, higher is better. For models that go on writing after the answer; whole words are
    compared, so that "10" does not begin "1000". HELM `prefix_exact_match`.
    """
    said = answer_tokens(responses[0].text)
    wanted = [answer_tokens(gold) for gold in example.answers]
    return float(any(gold and said[: len(gold)] == gold for gold in wanted))


def overlap(said: Sequence[str], wanted: Sequence[str]) -> tuple[float, float, float]:
    """Return (precision, recall, F1) of two multisets of tokens; two empty ones agree."""
    if not said and not wanted:
        return 1.0, 1.0, 1.0
    shared = sum((Counter(said) & Counter(wanted)).values())
    precision = shared / len(said) if said else 0.0
    recall = shared / len(wanted) if wanted else 0.0
    return precision, recall, 2 * shared / (len(said) + len(wanted))


def overlap_f1(answer: str, gold: str) -> float:
    """Return the F1 of two texts as multisets of normalised tokens (SQuAD's rule)."""
    return overlap(answer_tokens(answer), answer_tokens(gold))[2]


def _closest(example: Example, responses: tuple[Response, ...]) -> tuple[float, float, float]:
    """Return precision, recall and F1 against the right answer with the best F1."""
    said = answer_tokens(responses[0].text)
    found = [overlap(said, answer_tokens(gold)) for gold in example.answers]
    return max(found, key=lambda shares: shares[2], default=(0.0, 0.0, 0.0))


@mean_metric(reads="text")
def token_f1(example: Example, responses: tuple[Response, ...]) -> float:
    """Overlap of the written text with the closest right answer, as F1 over tokens.

    Range 0 to 1, higher is better. Multisets of normalised tokens as in SQuAD 1.1 (Rajpurkar et al.
    2016, arXiv 1606.05250); Chinese, Japanese and Korean characters are tokens of their own.
    """
    return _closest(example, responses)[2]


@mean_metric(reads="text")
def token_precision(example: Example, responses: tuple[Response, ...]) -> float:
    """Share of the written tokens that stand in the closest right answer: TP / (TP + FP).

    Range 0 to 1, higher is better. Tokens and closest answer as in `token_f1`; a token counts as
    often as it stands there. SQuAD, Rajpurkar et al. 2016, arXiv 1606.05250.
    """
    return _closest(example, responses)[0]


@mean_metric(reads="text")
def token_recall(example: Example, responses: tuple[Response, ...]) -> float:
    """Share of the closest right answer's tokens that were written: TP / (TP + FN).

    Range 0 to 1, higher is better. Tokens and closest answer as in `token_f1`.
    SQuAD, Rajpurkar et al. 2016, arXiv 1606.05250.
    """
    return _closest(example, responses)[1]


def _rouge(
    example: Example,
    responses: tuple[Response, ...],
    shared: Callable[[list[str], list[str]], tuple[int, int, int]],
) -> float:
    """Return the best F over the references; `shared` gives (in common, in text, in reference)."""
    said = word_tokens(responses[0].text)
    best = 0.0
    for gold in example.answers:
        common, ours, theirs = shared(said, word_tokens(gold))
        best = max(best, 2 * common / (ours + theirs) if common else 0.0)
    return best


def shared_ngrams(said: list[str], wanted: list[str], n: int) -> tuple[int, int, int]:
    """Return how many n-grams two token lists share, and how many each has."""
    ours, theirs = (Counter(zip(*(t[i:] for i in range(n)), strict=False)) for t in (said, wanted))
    return sum((ours & theirs).values()), ours.total(), theirs.total()


def longest_common(said: list[str], wanted: list[str]) -> tuple[int, int, int]:
    """Return the length of the longest common subsequence, and the two lengths."""
    row = [0] * (len(wanted) + 1)
    for token in said:
        diagonal = 0
        for j, other in enumerate(wanted, 1):
            above = row[j]
            row[j] = diagonal + 1 if token == other else max(above, row[j - 1])
            diagonal = above
    return row[-1], len(said), len(wanted)


@mean_metric(reads="text")
def rouge_1(example: Example, responses: tuple[Response, ...]) -> float:
    """ROUGE-1: F1 over the words that text and reference share.

    Range 0 to 1, higher is better. The closest of several references, no stemming; Chinese,
    Japanese and Korean characters are words of their own. Lin 2004 (rouge-score with
    `use_stemmer=False` and these words).
    """
    return _rouge(example, responses, lambda said, wanted: shared_ngrams(said, wanted, 1))


@mean_metric(reads="text")
def rouge_2(example: Example, responses: tuple[Response, ...]) -> float:
    """ROUGE-2: F1 over the pairs of neighbouring words that text and reference share.

    Range 0 to 1, higher is better. Words and references as in `rouge_1`. Lin 2004.
    """
    return _rouge(example, responses, lambda said, wanted: shared_ngrams(said, wanted, 2))


@mean_metric(reads="text")
def rouge_l(example: Example, responses: tuple[Response, ...]) -> float:
    """ROUGE-L: F1 of the longest sequence of words that text and reference share in order.

    Range 0 to 1, higher is better. Words and references as in `rouge_1`; the text is one sequence,
    lines are not taken apart (rouge-score `rougeL`, not `rougeLsum`). Lin 2004.
    """
    return _rouge(example, responses, longest_common)


def edit_distance(a: str, b: str) -> int:
    """Return the fewest insertions, deletions and substitutions that turn one text into another.

    Levenshtein 1966.
    """
    row = list(range(len(b) + 1))
    for i, ch in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (ch != other))
    return row[-1]


@mean_metric(reads="text")
def edit_similarity(example: Example, responses: tuple[Response, ...]) -> float:
    """1 less the edits between the text and the closest right answer, over the longer one's length.

    Range 0 to 1, higher is better. Characters, with white space at both ends aside; two empty texts
    are alike. Levenshtein 1966.
    """
    said = responses[0].text.strip()
    best = 0.0
    for gold in example.answers:
        longest = max(len(said), len(gold.strip()))
        apart = edit_distance(said, gold.strip()) / longest if longest else 0.0
        best = max(best, 1 - apart)
    return best
