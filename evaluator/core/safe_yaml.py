"""YAML from strangers: guarded before anything is constructed, strings kept as written.

The text is parsed to events only. Size, depth, anchors, aliases, tags, merge keys and further
documents are refused there; then every scalar becomes a string. What a value *is* (integer, yes or
no) is decided by the schema alone, so `licence: no` stays the word "no" and `010` stays "010".
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from evaluator.core.errors import DocumentError, Fault
from evaluator.core.files import Json

MAX_BYTES = 64 * 1024
MAX_DEPTH = 12
MAX_EVENTS = 20_000
FAST: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""libyaml's parser where PyYAML was built with it: ten times as fast."""
HIDDEN = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Control, zero-width and bidirectional characters, line ends of Unicode alone, halves of surrogate
pairs: text that is not what it looks like."""
CONFLICT = re.compile(r"^(<{7} .*|={7}|>{7} .*)\r?$", re.MULTILINE)
"""The marks that git leaves where two changes meet."""
ADVICE = {
    "found character '\\t'": "indent with spaces, not with tabs",
    "mapping values are not allowed": "indent the keys of one part alike, and put text that holds "
    "': ' in quotes",
    "expected <block end>": "indent the keys of one part alike",
    "could not find expected ':'": "write each key with ': ' behind it",
    "flow sequence": "close the list with ]",
    "flow mapping": "close the mapping with }",
    "quoted scalar": "close the quotes",
}
"""What the parser says -> what a person can do about it."""


@dataclass(frozen=True)
class Document:
    """A parsed document that remembers where everything stood."""

    path: str
    """Name used in faults."""
    value: Json
    """Mappings, lists and strings; an empty plain scalar is None."""
    lines: dict[str, int] = field(default_factory=dict)
    """JSON pointer -> line counted from 1."""
    quoted: frozenset[str] = frozenset()
    """Pointers of scalars that were quoted and therefore are strings whatever the schema says."""

    def fault(self, pointer: str, message: str) -> Fault:
        """Return a fault at `pointer`, or at the nearest parent whose line is known."""
        at = pointer
        while at and at not in self.lines:
            at = at.rpartition("/")[0]
        return Fault(self.path, self.lines.get(at, 1), pointer, message)


def pointer_step(key: str) -> str:
    """Return one step of a JSON pointer (RFC 6901 escapes)."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def read_yaml(data: bytes, path: str) -> Document:
    """Parse YAML bytes; `path` names the file in faults.

    Raises:
        DocumentError: every fault that can be told from this text, each with its line.
    """
    text = _decode(data, path)
    events, faults = _guard(text, path, FAST)
    if faults:  # libyaml tells them in other words; what it alone refuses is read all the same
        events, faults = _guard(text, path, yaml.BaseLoader)
    if faults:
        raise DocumentError(_conflicts(text, path) or faults)
    first = next((event for event in events if isinstance(event, yaml.NodeEvent)), None)
    if not isinstance(first, yaml.MappingStartEvent):
        empty = "" if first else "is empty; "
        message = f"{empty}must be a mapping of keys to values: lines such as 'schema: 1'"
        raise DocumentError([Fault(path, 1, "", message)])
    reader = _Reader(path, iter(events[events.index(first) + 1 :]))
    value = reader.build(first, "")
    if reader.faults:
        raise DocumentError(reader.faults)
    return Document(path, value, reader.lines, frozenset(reader.quoted))


def _decode(data: bytes, path: str) -> str:
    if len(data) > MAX_BYTES:
        message = f"{len(data):,} bytes; at most {MAX_BYTES:,} are read: shorten the file"
        raise DocumentError([Fault(path, 0, "", message)])
    if data.startswith(codecs.BOM_UTF8):
        message = "begins with a byte order mark (BOM): save the file as UTF-8 without it"
        raise DocumentError([Fault(path, 1, "", message)])
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        message = f"byte {error.start} is not UTF-8: save the file as UTF-8, without a BOM"
        raise DocumentError([Fault(path, line, "", message)]) from None
    faults = []
    for number, line_text in enumerate(text.split("\n"), 1):
        for found in HIDDEN.finditer(line_text.rstrip("\r")):
            faults.append(Fault(path, number, "", _hidden_message(found[0])))
            break
    if faults:
        raise DocumentError(faults)
    return text


def _hidden_message(character: str) -> str:
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    return f"invisible character {name}: remove it"


def _guard(text: str, path: str, loader: Any) -> tuple[list[yaml.Event], list[Fault]]:
    """Walk the events without building anything; return them, and what is refused."""
    faults: list[Fault] = []
    events: list[yaml.Event] = []
    depth = documents = 0
    try:
        for count, event in enumerate(yaml.parse(text, Loader=loader)):
            events.append(event)
            line = event.start_mark.line + 1 if event.start_mark else 1
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            documents += isinstance(event, yaml.DocumentStartEvent)
            for limit, found, message in (
                (MAX_EVENTS, count, f"more than {MAX_EVENTS} values: shorten the file"),
                (1, documents, "a second document ('---'): keep one document a file"),
                (MAX_DEPTH, depth, f"nested deeper than {MAX_DEPTH} levels"),
            ):
                if found > limit:
                    return [], [*faults, Fault(path, line, "", message)]
            faults += [Fault(path, line, "", message) for message in _refusals(event)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(filter(None, (error.context, error.problem)))
        faults.append(Fault(path, mark.line + 1 if mark else 1, "", _advise(reason)))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        faults.append(Fault(path, 1, "", f"not valid YAML: {error}".split("\n")[0]))
    return events, faults


def _advise(reason: str) -> str:
    """Return the message for what the parser says: first what to do about it, if that is known."""
    advice = next((told for said, told in ADVICE.items() if said in reason), "")
    return f"not valid YAML: {advice} ({reason})" if advice else f"not valid YAML: {reason}"


def _conflicts(text: str, path: str) -> list[Fault]:
    """Return the marks of a merge that was not finished, in a text that is not valid YAML."""
    message = "a merge conflict stands here: keep one side and remove the mark"
    return [
        Fault(path, text.count("\n", 0, mark.start()) + 1, "", message)
        for mark in CONFLICT.finditer(text)
    ]


def _refusals(event: yaml.Event) -> list[str]:
    """Return what one event brings that is never allowed."""
    if isinstance(event, yaml.AliasEvent):
        return [f"alias *{event.anchor}: write the value out instead"]
    found = []
    if anchor := getattr(event, "anchor", None):
        found.append(f"anchor &{anchor}: write the value out instead")
    if tag := getattr(event, "tag", None):
        found.append(f"tag {tag!r}: remove it; the schema decides the type")
    if isinstance(event, yaml.ScalarEvent) and (hidden := HIDDEN.search(event.value)):
        found.append(_hidden_message(hidden[0]))  # an escape in a quoted text
    return found


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


class _Reader:
    """Turns guarded events into values and notes the line of each pointer."""

    def __init__(self, path: str, events: Iterator[yaml.Event]) -> None:
        self.path = path
        self.events = events
        self.lines: dict[str, int] = {}
        self.quoted: set[str] = set()
        self.faults: list[Fault] = []

    def build(self, event: yaml.Event, pointer: str) -> Json:
        """Return the value that begins with an event; the events that follow it are taken."""
        self.lines.setdefault(pointer, _line(event))
        if isinstance(event, yaml.MappingStartEvent):
            return self.build_mapping(pointer)
        if isinstance(event, yaml.SequenceStartEvent):
            return [self.build(item, f"{pointer}/{i}") for i, item in enumerate(self.inside())]
        assert isinstance(event, yaml.ScalarEvent)
        if event.style:  # quoted or block text
            self.quoted.add(pointer)
            return event.value
        return None if event.value in ("", "~", "null") else event.value

    def build_mapping(self, pointer: str) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for begun in self.inside():
            line = _line(begun)
            if not isinstance(begun, yaml.ScalarEvent):
                self.faults.append(Fault(self.path, line, pointer, "a key must be plain text"))
                self.skip(begun)
                self.skip(next(self.events))
                continue
            key, value = begun.value, next(self.events)
            at = pointer + pointer_step(key)
            if key == "<<":
                message = "merge key '<<': write the values out instead"
                self.faults.append(Fault(self.path, line, at, message))
                self.skip(value)
            elif key in found:
                message = f"stands twice (first on line {self.lines[at]}): keep one"
                self.faults.append(Fault(self.path, line, at, message))
                self.skip(value)
            else:
                self.lines[at] = line
                found[key] = self.build(value, at)
        return found

    def inside(self) -> Iterator[yaml.Event]:
        """Yield the events that begin a part of a collection, up to its end."""
        while not isinstance(event := next(self.events), yaml.CollectionEndEvent):
            yield event

    def skip(self, event: yaml.Event) -> None:
        """Take the events of a value that is not built."""
        if isinstance(event, yaml.CollectionStartEvent):
            for part in self.inside():
                self.skip(part)


def write_yaml(value: Json) -> bytes:
    """Return a value as YAML that `read_yaml` reads back: keys as ordered, no tags, no anchors."""
    text: str = yaml.dump(
        value,
        Dumper=_Plain,
        sort_keys=False,
        allow_unicode=True,
        width=100,
        default_flow_style=False,
    )
    return text.encode()


class _Plain(yaml.SafeDumper):
    """Writes a value that stands twice as two values, not as an anchor and an alias."""

    def ignore_aliases(self, data: Json) -> bool:
        return True
