"""LAMBADA: the last word of a passage, which only the whole passage gives away.

Paper: Paperno et al. 2016, arXiv 1606.06031. 5,153 passages of novels in the form that OpenAI
prepared, without shots. The last word with its space is scored, and right if greedy decoding would
have written it: lm-evaluation-harness 0.4.13 `lambada_openai`.
"""

from __future__ import annotations

from evaluator.core.records import Example, LmEval, Row, Task
from evaluator.metrics.likelihood import greedy_match, perplexity
from evaluator.tasks import load_pins
from evaluator.tasks.forms import whole_file

PINS = load_pins("lambada")


def to_example(row: Row, name: str) -> Example:
    """Return one passage, split at its last space."""
    before, _, word = row["text"].rpartition(" ")
    return Example(id=name, question=before, target=f" {word}")


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
    load=whole_file(PINS[0], to_example),
    n_shots=0,
    lm_eval=LmEval(tasks=("lambada_openai",)),
    metrics=(greedy_match, perplexity),
    primary=greedy_match,
    columns=("correct", "value"),
    delimiter="",
)
