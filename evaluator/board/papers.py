"""What a contributor says of a model -> the two files of a submission, as text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

HUB = re.compile(r"([A-Za-z0-9][\w.-]*/[\w.-]+)@([0-9a-f]{40})")
"""A place on the hub: `owner/name@commit`."""
CARD = """---
license: {license}
---
# {title}

{about}

## Intended use

To be written: what it is good for, and for whom. What it must not be used for.

## Training data

{training_data}

## Limitations

To be written: where it fails, and how to tell that an answer is wrong.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a contributor says of a model; the fields of submission.yaml."""

    name: str
    """`<org>/<model>`: its folder."""
    kind: str
    """Kind of model."""
    licence: str
    """SPDX identifier."""
    training_data: str
    """What it was trained on."""
    maintainers: Sequence[str]
    """GitHub logins."""
    suites: Sequence[str]
    """Suites to be measured on."""
    title: str = ""
    """Name for people; '' for that of the folder."""
    organisation: str = ""
    """Who made it; '' for the folder's first part."""
    dtype: str = "float32"
    """Number format, where the kind has one."""
    chat_template: str = "none"
    """Template of a causal model."""
    tasks: Sequence[str] = ()
    """Tasks whose labels a classifier has."""
    trained_on: Sequence[str] = ()
    """Tasks whose train split it was trained on."""
    adapter: str = ""
    """A LoRA on the model: a folder, or `owner/name@commit`; '' for none."""
    provider: str = ""
    """Server of board.yaml that runs a served model."""
    answers: str = ""
    """What that server is asked for: chat, text or logprobs."""


def submission_text(source: str, facts: Facts) -> str:
    """Return submission.yaml.

    Args:
        source: `owner/name@commit` on the hub, what a server calls the model, or anything else for
            files that stand in `weights/`.
        facts: what else is said of the model.
    """
    seen = [f"trained_on: {_listed(facts.trained_on)}"] if facts.trained_on else []
    lines = [
        "schema: 1",
        f"title: {_quoted(_title(facts))}",
        f"organisation: {_quoted(_organisation(facts))}",
        "model:",
        *(f"  {line}" for line in _model_lines(source, facts)),
        f"licence: {_quoted(facts.licence)}",
        f"training_data: {_quoted(facts.training_data)}",
        *seen,
        f"suites: {_listed(facts.suites)}",
        f"maintainers: {_listed(facts.maintainers)}",
    ]
    return "\n".join(lines) + "\n"


def card_text(facts: Facts) -> str:
    """Return card.md: what is known, and headings under which its author writes the rest."""
    return CARD.format(
        license=facts.licence.lower(),
        title=_title(facts),
        about=f"A model of kind {facts.kind} by {_organisation(facts)}.",
        training_data=facts.training_data,
    )


def _title(facts: Facts) -> str:
    return facts.title or facts.name.partition("/")[2]


def _organisation(facts: Facts) -> str:
    return facts.organisation or facts.name.partition("/")[0]


def _model_lines(source: str, facts: Facts) -> list[str]:
    """Return the part `model` of a submission."""
    if facts.kind == "served":
        told = {"provider": facts.provider, "name": source, "answers": facts.answers}
        return [
            "kind: served",
            *(f"{key}: {_quoted(value)}" for key, value in told.items() if value),
        ]
    lines = [f"kind: {facts.kind}", *_place_lines(source, "weights")]
    lines += [f"dtype: {facts.dtype}"] if facts.kind != "onnx" else []
    lines += [f"chat_template: {facts.chat_template}"] if facts.kind == "causal" else []
    lines += [f"tasks: {_listed(facts.tasks)}"] if facts.tasks else []
    if facts.adapter:
        lines += [f"adapter: {{{', '.join(_place_lines(facts.adapter, 'adapter'))}}}"]
    return lines


def _place_lines(source: str, folder: str) -> list[str]:
    on_hub = HUB.fullmatch(source)
    return [f"repo: {on_hub[1]}", f"revision: {on_hub[2]}"] if on_hub else [f"folder: {folder}"]


def _listed(names: Sequence[str]) -> str:
    return "[" + ", ".join(_quoted(name) for name in names) + "]"


def _quoted(text: str) -> str:
    """Return text as a quoted scalar: JSON's are YAML's."""
    return json.dumps(text, ensure_ascii=False)
