"""Corpus: counts are summed over all texts before anything is divided.

The numbers are sacreBLEU's, over 100. Its signature of each is in the definition, because BLEU
without one cannot be compared. None of these is a mean over items.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from evaluator.core.records import FloatArray
from evaluator.metrics.base import corpus_metric
from evaluator.metrics.text import has_cjk

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.ter import TER

CHARACTERS = 6
"""Longest character n-gram of chrF."""
BETA = 2
"""How much more recall weighs than precision in chrF."""


def _fscore(sums: FloatArray) -> float:
    """Return chrF2 from (in text, in reference, in both) of each n-gram length."""
    shares = [
        (both / said, both / wanted)
        for said, wanted, both in sums.reshape(CHARACTERS, 3)
        if said > 0 and wanted > 0
    ]
    if not shares:
        return 0.0
    precision = sum(p for p, _ in shares) / len(shares)
    recall = sum(r for _, r in shares) / len(shares)
    below = BETA**2 * precision + recall
    return float((1 + BETA**2) * precision * recall / below) if below else 0.0


def _character_counts(said: str, wanted: str) -> list[float]:
    texts = ["".join(text.split()) for text in (said, wanted)]
    counts: list[float] = []
    for n in range(1, CHARACTERS + 1):
        ours, theirs = (Counter(t[i : i + n] for i in range(len(t) - n + 1)) for t in texts)
        both = sum((ours & theirs).values())
        # nothing to find in the reference: what was written is not held against the text
        counts += [ours.total() if theirs else 0, theirs.total(), both]
    return counts


@corpus_metric(value_of=_fscore)
def chrf(text: str, references: tuple[str, ...]) -> list[float]:
    """chrF2: F-score over character n-grams of length 1 to 6, recall weighing twice.

    Range 0 to 1 (sacreBLEU's number over 100), higher is better. Needs no tokenizer, so it serves
    every language. White space does not count; of several references the one with the best score
    of its own is taken. Popović 2015, doi 10.18653/v1/W15-3049; sacreBLEU signature
    `case:mixed|eff:yes|nc:6|nw:0|space:no`.
    """
    import numpy as np

    counts = [_character_counts(text, reference) for reference in references]
    return max(counts, key=lambda found: _fscore(np.array(found)))


@cache
def _bleu(tokenize: str) -> BLEU:
    from sacrebleu.metrics.bleu import BLEU  # takes long: only where it is scored

    return BLEU(tokenize=tokenize, effective_order=True)


def _bleu_of(sums: FloatArray) -> float:
    from sacrebleu.metrics.bleu import BLEU

    correct, total = sums[:4].astype(int).tolist(), sums[4:8].astype(int).tolist()
    found = BLEU.compute_bleu(correct, total, sys_len=int(sums[8]), ref_len=int(sums[9]))
    return float(found.score) / 100


@corpus_metric(value_of=_bleu_of)
def bleu(text: str, references: tuple[str, ...]) -> list[float]:
    """BLEU: geometric mean of the precision of word n-grams of length 1 to 4, less for brevity.

    Range 0 to 1 (sacreBLEU's number over 100), higher is better. Tokenised as `13a`, and as `zh`
    where a reference holds CJK characters: under `13a` a Chinese sentence is one word and the score
    is 0. Papineni et al. 2002, doi 10.3115/1073083.1073135; Post 2018, doi 10.18653/v1/W18-6319;
    sacreBLEU signature `case:mixed|eff:no|tok:13a or zh|smooth:exp`.
    """
    tokenize = "zh" if any(has_cjk(reference) for reference in references) else "13a"
    found = _bleu(tokenize).sentence_score(text, list(references))
    return [*found.counts, *found.totals, found.sys_len, found.ref_len]


@cache
def _ter() -> TER:
    from sacrebleu.metrics.ter import TER

    return TER(asian_support=True)


def _edit_rate(sums: FloatArray) -> float:
    return float(sums[0] / sums[1]) if sums[1] > 0 else float(sums[0] > 0)


@corpus_metric(value_of=_edit_rate, best=0.0, worst=float("inf"))
def ter(text: str, references: tuple[str, ...]) -> list[float]:
    """TER: edits that turn the texts into their closest references, over the references' words.

    From 0 without an upper end, lower is better. An edit inserts, deletes, replaces or moves words;
    CJK characters are words of their own. Snover et al. 2006; sacreBLEU signature
    `case:lc|tok:tercom|norm:no|punct:yes|asian:yes`.
    """
    found = _ter().sentence_score(text, list(references))
    return [found.num_edits, found.ref_length]
