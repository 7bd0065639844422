"""IFEval: instructions whose keeping a program can check, such as "no commas" or "in Hindi".

Paper: Zhou et al. 2023, arXiv 2311.07911. All 541 prompts with 25 kinds of instructions
(`evaluator/metrics/instructions.py`), as they stand and without shots. The primary is the paper's
prompt-level strict accuracy: an item counts if all its instructions are kept.
"""

from __future__ import annotations

import json

from evaluator.core.records import Example, LmEval, Row
from evaluator.metrics.generation import exact_match
from evaluator.metrics.instructions import (
    follows_all,
    instruction_accuracy,
    instruction_accuracy_loose,
    prompt_accuracy_loose,
)
from evaluator.tasks import load_pins
from evaluator.tasks.forms import whole_file, writing_task

PINS = load_pins("ifeval")


def to_example(row: Row, name: str) -> Example:
    """Return one prompt with its instructions, each as JSON."""
    told = zip(json.loads(row["instruction_id_list"]), json.loads(row["kwargs"]), strict=True)
    return Example(
        id=str(row["key"]),
        question=row["prompt"],
        target="",
        answers=tuple(
            json.dumps({"id": kind, "with": arguments}, ensure_ascii=False, sort_keys=True)
            for kind, arguments in told
        ),
    )


TASK = writing_task(
    name="ifeval",
    title="IFEval",
    summary="Whether a text keeps instructions that a program can check.",
    languages=("en",),
    licence="Apache-2.0",
    open_licence=True,
    source="https://arxiv.org/abs/2311.07911",
    pins=PINS,
    load=whole_file(PINS[0], to_example),
    n_shots=0,
    lm_eval=LmEval(tasks=("ifeval",), stop=()),
    metrics=(
        exact_match,
        instruction_accuracy,
        prompt_accuracy_loose,
        instruction_accuracy_loose,
    ),
    extract=str.strip,
    is_right=follows_all,
    stop=("<|im_end|>",),
    max_tokens=1280,
    notes="`exact_match` is the share of prompts all of whose instructions are kept.",
)
