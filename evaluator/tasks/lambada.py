"""LAMBADA: the last word of a passage, which only the whole passage gives away.

Paper: Paperno et al. 2016, arXiv 1606.06031. 5,153 passages of novels in the form that OpenAI
prepared, without shots. The last word with its space is scored, and right if greedy decoding would
have written it: lm-evaluation-harness 0.4.13 `lambada_openai`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, Row, Task
from evaluator.metrics.likelihood import greedy_match, perplexity
from evaluator.tasks import load_pins

PINS = load_pins("lambada")


def to_example(row: Row, name: str) -> Example:
    """Return one passage, split at its last space."""
    before, _, word = row["text"].rpartition(" ")
    return Example(id=name, question=before, target=f" {word}")


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return all passages."""
    return Examples(test=tuple(to_example(row, str(i)) for i, row in enumerate(read(PINS[0]))))


TASK = Task(
    name="lambada",
    version=1,
    title="LAMBADA",
    summary="The last word of a passage that makes sense only as a whole.",
    kind="likelihood",
    languages=("en",),
    licence="CC-BY-4.0",
    open_licence=True,
    source="https://arxiv.org/abs/1606.06031",
    pins=PINS,
    load=load,
    n_shots=0,
    metrics=(greedy_match, perplexity),
    primary=greedy_match,
    columns=("correct", "value"),
    delimiter="",
)
