"""JSON Schemas of everything that is committed, and the check against them.

The schemas stand in `schemas/*.json` (draft 2020-12) and are published with the site. For YAML,
`typed` first reads plain scalars as the type the schema asks for; then every fault is reported at
once, each with file, line and JSON pointer.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from evaluator.core.errors import DocumentError, Fault
from evaluator.core.files import Json, parse_json
from evaluator.core.safe_yaml import Document, pointer_step, read_yaml, write_yaml

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

NAMES = ("submission", "board", "season", "result", "decision", "attempt", "shard")
END = r"(?![\s\S])"
"""What patterns end with: `$` would let a line end pass."""
TYPES = {
    "string": "text",
    "integer": "a whole number, without quotes",
    "number": "a number, without quotes",
    "boolean": "true or false, without quotes",
    "array": "a list: [a, b]",
    "object": "a mapping of keys to values",
    "null": "null",
}
"""Type of JSON Schema -> what a person calls it."""


@cache
def load_schema(name: str) -> dict[str, Any]:
    """Return the schema `name` (one of `NAMES`) as a dict."""
    text = resources.files("evaluator.core.schemas").joinpath(f"{name}.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _validator(name: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # a tenth of a second that faults alone need

    Draft202012Validator.check_schema(load_schema(name))
    return Draft202012Validator(load_schema(name))


@cache
def _compiled(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(load_schema(name))


def _follows(value: Json, name: str) -> bool:
    """Tell whether a value follows its schema, as far as the compiled validator can take it in."""
    try:
        return _compiled(name).is_valid(value)
    except ValueError:  # a number or a text that has no place in JSON
        return False


def read_document(data: bytes, path: str, name: str) -> tuple[dict[str, Json], Document]:
    """Read YAML bytes by the schema `name`; return the typed value and where everything stood.

    Raises:
        DocumentError: all faults of form and of content.
    """
    document = read_yaml(data, path)
    value = _typed(document.value, load_schema(name), load_schema(name), "", document.quoted)
    document = Document(path, value, document.lines, document.quoted)
    faults = check_value(value, name, document)
    if faults:
        raise DocumentError(faults)
    return value, document


def write_document(value: dict[str, Json], path: str, name: str) -> bytes:
    """Return YAML bytes of a document that is made here, by the schema `name`.

    Raises:
        DocumentError: what `read_document` would refuse, by its pointer: it has no lines yet.
    """
    faults = []
    for part, held in value.items():
        try:
            read_yaml(write_yaml({part: held}), path)
        except DocumentError as error:  # text that no file may hold, wherever in the part
            faults += [replace(fault, pointer=pointer_step(part)) for fault in error.faults]
    data = write_yaml(value)
    if not faults:
        try:
            read_document(data, path, name)
        except DocumentError as error:
            faults = error.faults
    if faults:
        raise DocumentError(list({replace(fault, line=0) for fault in faults}))
    return data


def read_json_document(data: bytes, path: str, name: str) -> dict[str, Json]:
    """Read JSON bytes by the schema `name`.

    Raises:
        DocumentError: not JSON, or all faults against the schema.
    """
    try:
        value = parse_json(data)
    except (ValueError, UnicodeDecodeError) as error:
        raise DocumentError([Fault(path, 1, "", f"not valid JSON: {error}")]) from None
    faults = check_value(value, name, Document(path, value))
    if faults:
        raise DocumentError([Fault(f.path, 0, f.pointer, f.message) for f in faults])
    checked: dict[str, Json] = value
    return checked


def check_value(value: Json, name: str, document: Document) -> list[Fault]:
    """Return all faults of `value` against the schema `name`.

    What has none is told so by a compiled validator, a hundred times faster; it tells faults in
    other words than ours, so what has some is looked at again.
    """
    if _follows(value, name):
        return []
    told: dict[str, set[tuple[str, Fault]]] = {}
    for error in _validator(name).iter_errors(value):
        for leaf in _leaves(error):
            pointer = "".join(pointer_step(str(step)) for step in leaf.absolute_path)
            for at, message in _tell(leaf, pointer):
                fault = document.fault(at, message)
                told.setdefault(at, set()).add((str(leaf.validator), fault))
    return sorted(fault for place in told.values() for fault in _worth_telling(place))


def _worth_telling(place: set[tuple[str, Fault]]) -> set[Fault]:
    """Return the faults of one place, less those that another of them tells as well, and better.

    A value of the wrong type breaks the other rules of its place too. And where a place follows two
    parts of a schema, one of them has its description.
    """
    faults = {fault for rule, fault in place if rule == "type"} or {fault for _, fault in place}
    described = {fault.message.split(":")[0] for fault in faults if ":" in fault.message}
    return {fault for fault in faults if fault.message not in described}


def _leaves(error: ValidationError) -> list[ValidationError]:
    """Return the errors that say something: those inside the closest branch of a choice."""
    told = isinstance(error.schema, dict) and "message" in error.schema
    if error.validator in ("oneOf", "anyOf") and error.context and not told:
        branches: dict[int | str, list[ValidationError]] = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        closest = min(branches.values(), key=len)
        return [leaf for inner in closest for leaf in _leaves(inner)]
    return [error]


def _tell(error: ValidationError, pointer: str) -> list[tuple[str, str]]:
    """Return (pointer, message) pairs for one schema error, in words a contributor can act on."""
    rule = error.validator
    found: Any = error.instance
    wanted: Any = error.validator_value
    schema: Any = error.schema
    if rule == "additionalProperties":
        known = sorted(schema.get("properties", {}))
        extra = sorted(set(found) - set(known))
        return [
            (pointer + pointer_step(key), f"unknown key; known here: {', '.join(known)}")
            for key in extra
        ]
    if rule == "required":
        missing = next(key for key in wanted if f"'{key}' is" in error.message)
        described = schema.get("properties", {}).get(missing, {})
        about = described.get("description") or schema.get("message", "")
        return [(pointer + pointer_step(missing), f"is missing: {about}".rstrip(": "))]
    shown = _short(found)
    if rule in ("oneOf", "anyOf", "not", "pattern") and "message" in schema:
        return [(pointer, f"{shown}: {schema['message']}")]
    if found is None and rule in ("type", "enum", "const"):
        return [(pointer, f"is empty: {schema.get('description', '')}".rstrip(": "))]
    if rule == "enum":
        return [(pointer, f"{shown} is not one of {', '.join(map(str, wanted))}")]
    if rule == "const":
        return [(pointer, f"{shown} must be {wanted}")]
    if rule == "type":
        words = [TYPES[word] for word in ([wanted] if isinstance(wanted, str) else wanted)]
        return [(pointer, f"{shown} must be {' or '.join(words)}")]
    if rule in ("minItems", "minLength") and not found:
        about = schema.get("description") or schema.get("message", "")
        return [(pointer, f"is empty: {about}".rstrip(": "))]
    if rule == "pattern":
        about = schema.get("description", "")
        told = f"{shown} does not match {wanted.replace(END, '$')}: {about}"
        return [(pointer, told.rstrip(": "))]
    if rule in ("minLength", "maxLength"):
        bound = "short: at least" if rule == "minLength" else "long: at most"
        return [(pointer, f"{shown} is too {bound} {wanted} characters, it has {len(found)}")]
    if rule in ("minItems", "maxItems"):
        bound = "at least" if rule == "minItems" else "at most"
        return [(pointer, f"holds {len(found)}, must hold {bound} {wanted}")]
    if rule == "uniqueItems":
        twice = next(item for number, item in enumerate(found) if item in found[:number])
        return [(pointer, f"{_short(twice)} stands twice: keep one of the two")]
    return [(pointer, error.message[:200])]


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _typed(value: Json, schema: Json, root: Json, pointer: str, quoted: frozenset[str]) -> Json:
    """Read plain scalars as the type the schema asks for; everything else stays as written."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if isinstance(value, dict):
        rest = schema.get("additionalProperties", {})
        parts = schema.get("properties", {})
        return {
            key: _typed(
                item,
                parts.get(key, rest if isinstance(rest, dict) else {}),
                root,
                pointer + pointer_step(key),
                quoted,
            )
            for key, item in value.items()
        }
    if isinstance(value, list):
        items = schema.get("items", {})
        return [_typed(x, items, root, f"{pointer}/{i}", quoted) for i, x in enumerate(value)]
    if not isinstance(value, str) or pointer in quoted:
        return value
    wanted = schema.get("type")
    if wanted == "integer" and re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", value):
        return int(value)
    if wanted == "number" and re.fullmatch(r"-?[0-9]{1,17}(\.[0-9]{1,17})?", value):
        return float(value)
    if wanted == "boolean" and value in ("true", "false"):
        return value == "true"
    return value
