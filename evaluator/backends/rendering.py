"""Render a chat template: a program of its own, since templates are written by strangers.

    python -I rendering.py < {"template", "variables", "chats"} > {"texts"} or {"error"}

Jinja's immutable sandbox keeps a template from attributes and methods that reach Python; the limits
below keep it from running for ever, from memory and from writing files. It imports nothing of the
evaluator. A template that asks for the time gets none: a prompt must be the same tomorrow.

What a template may use is what transformers 5.23 gives it: trimmed blocks, loop controls, the tag
`generation`, `tojson` without HTML escapes, `raise_exception`.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any, NoReturn

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

CPU_SECONDS = 20
"""Most time for all chats of a call."""
MEMORY_BYTES = 1 << 30
"""Most memory."""
TEXT_CHARACTERS = 4_000_000
"""Longest text that a template may make of one chat."""


class Generation(Extension):
    """The tag that marks what an assistant writes; it shows what it holds."""

    tags = {"generation"}  # noqa: RUF012 (as its base class has it)

    def parse(self, parser: Parser) -> nodes.Node:
        """Return the statements between the tags in a scope of their own."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body, lineno=line)


def raise_exception(message: str) -> NoReturn:
    """Let a template refuse a chat."""
    raise TemplateError(message)


def to_json(value: Any, ensure_ascii: bool = False, **more: Any) -> str:
    """Return JSON as it is, without escapes for HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, **more)


def render(template: str, variables: dict[str, Any], chats: list[list[dict[str, str]]]) -> Any:
    """Return {"texts": one for each chat}, or {"error": why not}.

    A template that refuses a system turn gets the chat without it, as lm-evaluation-harness 0.4.13
    does (`HFLM.apply_chat_template`).
    """
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters["tojson"] = to_json
    environment.globals["raise_exception"] = raise_exception
    texts = []
    try:
        compiled = environment.from_string(template)
        for chat in chats:
            try:
                text = compiled.render(messages=chat, add_generation_prompt=True, **variables)
            except TemplateError:
                rest = [turn for turn in chat if turn["role"] != "system"]
                text = compiled.render(messages=rest, add_generation_prompt=True, **variables)
            if len(text) > TEXT_CHARACTERS:
                return {"error": f"it makes a text of more than {TEXT_CHARACTERS} characters"}
            texts.append(text)
    except MemoryError:
        return {"error": "it takes too much memory"}
    except Exception as error:  # a template can raise anything
        return {"error": f"{type(error).__name__}: {error}"[:500]}
    return {"texts": texts}


def main() -> None:
    """Read the question, give up all rights, answer."""
    asked = json.load(sys.stdin)
    for limit, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    json.dump(render(asked["template"], asked["variables"], asked["chats"]), sys.stdout)


if __name__ == "__main__":
    main()
