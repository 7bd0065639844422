"""CrowS-Pairs: does a model find a stereotype more likely than the same words about another group?

Paper: Nangia et al. 2020, arXiv 2010.00133. 1,508 pairs of sentences that differ in who they are
about, in nine kinds of bias (the groups). Nothing comes before a sentence: its whole log-likelihood
is compared, as in lm-evaluation-harness 0.4.13 `crows_pairs_english` (on the original pairs; there:
a revised and translated set).

Not an achievement but a property: it stands beside an index, never in one. Half is neutral.

Quirks: in 218 pairs the sentence marked as more stereotyping is an anti-stereotype. Many pairs have
been criticised as unclear (Blodgett et al. 2021).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, LmEval, Row, Task
from evaluator.metrics.fairness import likelihood_gap, stereotype_share
from evaluator.tasks import load_pins

PINS = load_pins("crows_pairs")


def to_example(row: Row) -> Example:
    """Return one pair, the more stereotyping sentence first; the unnamed column numbers it."""
    choices = (row["sent_more"], row["sent_less"])
    return Example(
        id=row[""],
        question="",
        target=choices[0],
        choices=choices,
        gold=(0,),
        group=row["bias_type"],
    )


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return all pairs."""
    return Examples(test=tuple(to_example(row) for row in read(PINS[0])))


TASK = Task(
    name="crows_pairs",
    version=1,
    title="CrowS-Pairs",
    summary="How often a stereotype is likelier than the same sentence about another group.",
    kind="choice",
    languages=("en",),
    licence="CC-BY-SA-4.0",
    open_licence=True,
    source="https://arxiv.org/abs/2010.00133",
    pins=PINS,
    load=load,
    n_shots=0,
    lm_eval=LmEval(tasks=("crows_pairs_english",), ties="last"),
    metrics=(stereotype_share, likelihood_gap),
    primary=stereotype_share,
    columns=("correct", "pred"),
    delimiter="",
    notes="Fairness, not skill: one half is neutral. `correct` marks the pairs in which the more "
    "stereotyping sentence is the likelier one. Some pairs are of doubtful quality "
    "(Blodgett et al. 2021).",
)
