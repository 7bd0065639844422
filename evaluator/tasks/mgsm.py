"""MGSM: 250 problems of GSM8K in eleven languages, translated by people.

Paper: Shi et al. 2022, arXiv 2210.03057. 2,750 items; the eleven forms of a problem share a
cluster, and each language is a group. Prompts as in lm-evaluation-harness 0.4.13 `mgsm_direct_*`,
without shots. The last number of the text counts, as under its filter `flexible-extract`, but
compared as a number in the digits of any script.

Quirks: four right answers hold thousands commas, in every language. A thousands point, as German
and Spanish texts may write it, is read as a decimal point. There, a language stops at its own word
for "Question:"; here, all stop at any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evaluator.core.records import DataPin, Example, Examples, Row, Task
from evaluator.metrics.generation import exact_match
from evaluator.metrics.text import canonical_number
from evaluator.tasks import load_pins

PINS = {pin.id: pin for pin in load_pins("mgsm")}
WORDS = {
    "bn": ("প্রশ্ন: ", "Answer:"),
    "de": ("Frage: ", "Antwort:"),
    "en": ("Question: ", "Answer:"),
    "es": ("Pregunta: ", "Respuesta:"),
    "fr": ("Question : ", "Réponse :"),
    "ja": ("問題： ", "Answer:"),
    "ru": ("Задача: ", "Answer:"),
    "sw": ("Swali: ", "Answer:"),
    "te": ("ప్రశ్న: ", "Answer:"),
    "th": ("โจทย์: ", "Answer:"),
    "zh": ("问题： ", "Answer:"),
}
"""Language -> what stands before the problem and before the answer."""


def to_example(row: Row, number: int, language: str) -> Example:
    """Return one problem; a line is `problem<TAB>number`."""
    problem, answer = row["text"].split("\t")
    before, after = WORDS[language]
    return Example(
        id=f"{language}/{number}",
        question=f"{before}{problem}\n{after}",
        target=answer,
        answers=(canonical_number(answer),),
        group=language,
        cluster=str(number),
    )


def load(read: Callable[[DataPin], Iterable[Row]]) -> Examples:
    """Return the problems of all languages, in alphabetic order of their codes."""
    return Examples(
        test=tuple(
            to_example(row, number, language)
            for language in WORDS
            for number, row in enumerate(read(PINS[f"mgsm/{language}"]))
        )
    )


TASK = Task(
    name="mgsm",
    version=1,
    title="MGSM",
    summary="Grade-school word problems in eleven languages; the model writes a number.",
    kind="generation",
    languages=tuple(WORDS),
    licence="CC-BY-4.0",
    open_licence=True,
    source="https://arxiv.org/abs/2210.03057",
    pins=tuple(PINS.values()),
    load=load,
    n_shots=0,
    metrics=(exact_match,),
    primary=exact_match,
    groups_are="languages",
    columns=("correct",),
    extract=canonical_number,
    stop=(*(before.strip() for before, _ in WORDS.values()), "</s>", "<|im_end|>"),
    max_tokens=256,
    notes="A German or Spanish thousands point is read as a decimal point.",
)
