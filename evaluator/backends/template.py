"""A model's own chat template: prompts become the turns that it was trained on.

| `chat_template` of a submission | a prompt is sent as |
|---|---|
| `none` | plain text, the same for every model |
| `own` | system: the description; user and assistant in turn: the shots; user: the question |
| `own-one-turn` | system: the description; user: shots and question as one text |

A template is the same for every question: it may not look at what is asked, nor hold parts of it.

An answer begins right after the template's own beginning of a turn, without the space that plain
prompts have there. (lm-evaluation-harness 0.4.13: `--apply_chat_template`, with and without
`--fewshot_as_multiturn`.)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evaluator.backends import rendering
from evaluator.core.errors import ModelError
from evaluator.core.records import Prompt, Request

NONE = "none"
"""The policy of plain prompts."""
ONE_TURN = "own-one-turn"
"""The policy that sends shots and question in one turn."""
PATIENCE_SECONDS = 60
"""Longest wait for a call."""
PROBE = "\ue000?\ue000"
"""Stands for a question that no task asks."""
PIECE = 40
"""Characters of a question that no template holds by chance."""
Chat = list[dict[str, str]]
"""Turns, each with its `role` and `content`."""


def find_template(folder: Path) -> str:
    """Return the chat template in a model's folder: its own file, else in tokenizer_config.json.

    Raises:
        ModelError: there is none.
    """
    own = folder / "chat_template.jinja"
    if own.is_file():
        return own.read_text("utf-8")
    try:
        found = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))["chat_template"]
        if isinstance(found, list):
            found = {entry["name"]: entry["template"] for entry in found}["default"]
    except (OSError, ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, str):
        raise ModelError(
            f"{folder}: no chat template in chat_template.jinja or tokenizer_config.json; write "
            "`chat_template: none` for plain prompts"
        )
    return found


def read_template(folder: Path, policy: str, tokenizer: Any) -> ChatTemplate | None:
    """Return a model's template for a policy; None for plain prompts.

    Raises:
        ModelError: the policy asks for a template and the model has none.
    """
    if policy == NONE:
        return None
    named = {name: str(token) for name, token in tokenizer.special_tokens_map.items()
             if not isinstance(token, list | tuple)}  # fmt: skip
    return ChatTemplate(text=find_template(folder), policy=policy, variables=named)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTemplate:
    """A template and how it is used."""

    text: str
    """In Jinja."""
    policy: str
    """own or own-one-turn."""
    variables: dict[str, str]
    """What it may name: the tokenizer's special tokens."""

    def frame(self, requests: Sequence[Request]) -> list[Request]:
        """Return requests whose prompts are rendered, as plain text: what a backend then sends.

        What prompts of the same shots have in common before the question stands in the
        description.

        Raises:
            ModelError: the template cannot be rendered, holds what is asked, or treats one question
                otherwise than another.
        """
        prompts = {id(request.prompt): request.prompt for request in requests}
        self._refuse_held(prompts.values())
        bare = {_before(p): replace(p, question="") for p in prompts.values()}
        probes = [replace(p, question=PROBE) for p in bare.values()]
        asked = [*prompts.values(), *bare.values(), *probes]
        texts = self._render([self._chat(prompt) for prompt in asked])
        rest = texts[len(prompts) :]
        begun = dict(zip(bare, rest, strict=False))
        around = dict(zip(bare, rest[len(bare) :], strict=True))
        for prompt, text in zip(prompts.values(), texts, strict=False):
            _refuse_other(prompt.question, text, around[_before(prompt)])
        framed = {
            name: _split(text, begun[_before(prompt)])
            for (name, prompt), text in zip(prompts.items(), texts, strict=False)
        }
        return [
            replace(
                request,
                prompt=framed[id(request.prompt)],
                continuation=request.continuation.removeprefix(request.prompt.delimiter),
            )
            for request in requests
        ]

    def _refuse_held(self, prompts: Iterable[Prompt]) -> None:
        """Refuse a template that holds a piece of a question: it was written for the test."""
        held = {self.text[at : at + PIECE] for at in range(len(self.text) - PIECE + 1)}
        for question in {prompt.question for prompt in prompts} if held else ():
            for at in range(0, len(question) - PIECE + 1, PIECE):
                if question[at : at + PIECE] in held:
                    piece = question[at : at + PIECE]
                    raise ModelError(f"the chat template holds what is asked: {piece!r}")

    def _chat(self, prompt: Prompt) -> Chat:
        chat = [{"role": "system", "content": prompt.description}] if prompt.description else []
        if self.policy == ONE_TURN:
            text = replace(prompt, description="").text()
            return [*chat, {"role": "user", "content": text}]
        for question, target in prompt.shots:
            chat += [
                {"role": "user", "content": question},
                {"role": "assistant", "content": target},
            ]
        return [*chat, {"role": "user", "content": prompt.question}]

    def _render(self, chats: list[Chat]) -> list[str]:
        asked = json.dumps({"template": self.text, "variables": self.variables, "chats": chats})
        try:
            done = subprocess.run(
                [sys.executable, "-I", os.fspath(rendering.__file__)],
                input=asked, capture_output=True, text=True, timeout=PATIENCE_SECONDS, env={},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise ModelError("the chat template never comes to an end") from None
        answer = json.loads(done.stdout) if done.returncode == 0 else {}
        if "texts" not in answer:
            reason = answer.get("error", "it takes too much time or memory")
            raise ModelError(f"the chat template cannot be rendered: {reason}")
        texts: list[str] = answer["texts"]
        return texts


def _before(prompt: Prompt) -> tuple[object, ...]:
    return prompt.description, prompt.shots, prompt.delimiter


def _refuse_other(question: str, text: str, around: str) -> None:
    """Refuse what was rendered otherwise than any other question.

    Its ends may be trimmed, and it may stand as a text in JSON.
    """
    parts = around.split(PROBE)
    plain = {question, question.strip(), question.lstrip(), question.rstrip()}
    quoted = {json.dumps(said, ensure_ascii=False)[1:-1] for said in plain}
    if text not in {said.join(parts) for said in plain | quoted}:
        raise ModelError(
            "the chat template does not put every question in the same words; first met at "
            f"{question.strip()[:60]!r}"
        )


def _split(text: str, begun: str) -> Prompt:
    """Return a plain prompt of this text, its description what it shares with another one."""
    pairs = enumerate(zip(text, begun, strict=False))
    shared = next((at for at, (one, other) in pairs if one != other), min(len(text), len(begun)))
    return Prompt(description=text[:shared], shots=(), question=text[shared:], delimiter="")
