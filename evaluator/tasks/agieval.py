"""AGIEval: questions of admission and qualification examinations. What its tasks share.

Paper: Zhong et al. 2023, arXiv 2304.06364. Prompts are the authors' zero-shot ones, which
lm-evaluation-harness 0.4.13 `agieval_*` asks too; an option is scored as written, with its letter.
The tasks here cut the collection by what may stand in one index:

- `agieval_en`: AQuA-RAT, LSAT, SAT
- `agieval_gaokao`: the Chinese college entrance examination, subjects with options
- `agieval_logiqa`: LogiQA in both languages, whose licence is non-commercial
- `agieval_math`: competition problems and Gaokao cloze questions, where an answer is written

`sat-en-without-passage` is left out: it asks about texts that it does not show, to find out what a
model remembers. Its questions stand in `sat-en` with the texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence

from evaluator.core.files import sha256
from evaluator.core.records import DataPin, Example, Examples, Row, Task
from evaluator.metrics.choice import acc, acc_bytes, acc_norm, brier, log_loss
from evaluator.tasks import load_pins

PINS = {pin.id: pin for pin in load_pins("agieval")}
ENGLISH = {"aqua-rat", "gaokao-english", "logiqa-en", "lsat-ar", "lsat-lr", "lsat-rc", "math",
           "sat-en", "sat-math"}  # fmt: skip
"""Parts with the English prompt."""
LETTERS = "ABCDEFG"
Read = Callable[[DataPin], Iterable[Row]]


def part_of(pin: DataPin) -> str:
    """Return the part of a file `agieval/<part>`."""
    return pin.id.rsplit("/", 1)[1]


def to_example(row: Row, name: str, part: str) -> Example:
    """Return one question with options.

    Some have several right options ("ACD", "A B D" or a list): any of them counts, as in the
    reference harness.
    """
    options = tuple(json.loads(row["options"]))
    gold = tuple(LETTERS.index(letter) for letter in re.findall("[A-G]", str(row["label"])))
    passage, last = row["passage"] or "", LETTERS[len(options) - 1]
    if part in ENGLISH:
        asked = f"Q: {row['question']} Answer Choices: {' '.join(options)}\n"
        asked += f"A: Among A through {last}, the answer is"
    else:
        asked = f"问题：{row['question']} 选项：{' '.join(options)}\n"
        asked += f"答案：从A到{last}, 我们应选择"
    return Example(
        id=name,
        question=passage + asked,
        target=options[gold[0]],
        choices=options,
        gold=gold,
        group=part,
        cluster=sha256(passage.encode())[:16] if passage else "",
    )


def choice_task(
    *,
    name: str,
    title: str,
    summary: str,
    parts: Sequence[str],
    languages: tuple[str, ...],
    licence: str = "MIT",
    open_licence: bool = True,
) -> Task:
    """Return a task of these parts, each a group."""
    pins = tuple(PINS[f"agieval/{part}"] for part in parts)

    def load(read: Read) -> Examples:
        return Examples(
            test=tuple(
                to_example(row, f"{part_of(pin)}/{i}", part_of(pin))
                for pin in pins
                for i, row in enumerate(read(pin))
            )
        )

    return Task(
        name=name,
        version=1,
        title=title,
        summary=summary,
        kind="choice",
        languages=languages,
        licence=licence,
        open_licence=open_licence,
        source="https://arxiv.org/abs/2304.06364",
        pins=pins,
        load=load,
        n_shots=0,
        metrics=(acc, acc_norm, acc_bytes, brier, log_loss),
        primary=acc,
        columns=("correct", "pred"),
        notes="An item with several right options counts if any of them is picked.",
    )
