"""The subset of GitHub's expression language that our workflows use, evaluated as GitHub does.

Literals, contexts with dots and brackets, ! == != && || and parentheses, and the functions below.
Anything else is refused, so that a workflow cannot mean more than this forge can play.
(docs.github.com, "Evaluate expressions in workflows and actions".)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<mark>==|!=|&&|\|\||[!().\[\],]))"
)
WORDS = {"true": True, "false": False, "null": None}
STATUS = {"always", "success", "failure", "cancelled"}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "fromJSON": json.loads,
    "toJSON": json.dumps,
    "format": lambda text, *parts: text.format(*parts),
    "contains": lambda whole, part: part in whole,
}


class Unsupported(Exception):
    """The workflow uses something that this forge does not play."""


def truthy(value: Any) -> bool:
    """Tell whether GitHub takes a value for true."""
    return value not in (None, False, "", 0)


def equal(left: Any, right: Any) -> bool:
    """Compare as GitHub does: text without regard to case, unlike kinds as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    if type(left) is type(right):
        return bool(left == right)
    return number(left) == number(right)


def number(value: Any) -> float:
    """Return a value as a number; text that is none is NaN, which equals nothing."""
    if value is None or value == "":
        return 0.0
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


class Expression:
    """One parsed expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._tokens(text)
        self.at = 0

    def _tokens(self, text: str) -> list[tuple[str, str]]:
        found, at = [], 0
        while text[at:].strip():
            match = TOKEN.match(text, at)
            if match is None:
                raise Unsupported(f"expression {text!r} at {text[at:]!r}")
            found.append((str(match.lastgroup), match[str(match.lastgroup)]))
            at = match.end()
        return found

    def functions(self) -> set[str]:
        """Return the names of all functions that it calls."""
        pairs = zip(self.tokens, [*self.tokens[1:], ("", "")], strict=True)
        return {text for (kind, text), (_, after) in pairs if kind == "name" and after == "("}

    def value(self, contexts: Mapping[str, Any], status: Mapping[str, bool]) -> Any:
        """Return its value.

        Args:
            contexts: `github`, `vars`, `needs` and the rest, as plain dicts.
            status: what `always()`, `success()`, `failure()` and `cancelled()` say now.
        """
        self.at, self.contexts, self.status = 0, contexts, status
        found = self._either()
        if self.at != len(self.tokens):
            raise Unsupported(f"expression {self.text!r}: {self.tokens[self.at][1]!r}")
        return found

    def _take(self, *wanted: str) -> str:
        if self.at < len(self.tokens) and self.tokens[self.at] in [("mark", w) for w in wanted]:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def _either(self) -> Any:
        left = self._both()
        while self._take("||"):
            right = self._both()
            left = left if truthy(left) else right
        return left

    def _both(self) -> Any:
        left = self._compared()
        while self._take("&&"):
            right = self._compared()
            left = right if truthy(left) else left
        return left

    def _compared(self) -> Any:
        left = self._single()
        while mark := self._take("==", "!="):
            left = equal(left, self._single()) == (mark == "==")
        return left

    def _single(self) -> Any:
        if self._take("!"):
            return not truthy(self._single())
        if self._take("("):
            found = self._either()
            self._expect(")")
            return found
        if self.at == len(self.tokens):
            raise Unsupported(f"expression {self.text!r} ends too early")
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text)
        if kind != "name":
            raise Unsupported(f"expression {self.text!r}: {text!r}")
        if text in WORDS:
            return WORDS[text]
        return self._call(text) if self._take("(") else self._look_up(text)

    def _call(self, name: str) -> Any:
        parts = []
        while not self._take(")"):
            parts.append(self._either())
            if not self._take(","):
                self._expect(")")
                break
        if name in STATUS and not parts:
            return self.status[name]
        if name not in FUNCTIONS:
            raise Unsupported(f"function {name}() in {self.text!r}")
        return FUNCTIONS[name](*parts)

    def _look_up(self, name: str) -> Any:
        if name not in self.contexts:
            raise Unsupported(f"context {name!r} in {self.text!r}")
        found: Any = self.contexts[name]
        while mark := self._take(".", "["):
            if mark == ".":
                key: Any = self.tokens[self.at][1]
                self.at += 1
            else:
                key = self._either()
                self._expect("]")
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise Unsupported(f"expression {self.text!r}: {mark!r} is missing")


PLACE = re.compile(r"\$\{\{((?:(?!\}\}).)*)\}\}", re.DOTALL)


def fill(text: str, contexts: Mapping[str, Any], status: Mapping[str, bool]) -> Any:
    """Return text with its `${{ }}` filled in; a text that is one expression keeps its kind."""
    alone = PLACE.fullmatch(text.strip())
    if alone:
        return Expression(alone[1]).value(contexts, status)

    return PLACE.sub(lambda match: as_text(Expression(match[1]).value(contexts, status)), text)


def as_text(value: Any) -> str:
    """Return a value as it stands in text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def condition(text: str) -> Expression:
    """Return the expression of an `if:`, with or without `${{ }}`."""
    alone = PLACE.fullmatch(text.strip())
    return Expression(alone[1] if alone else text)
