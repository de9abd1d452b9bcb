"""Every key of warded.yaml, from the pydantic model and its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from server.config import Config
from server.reference.markdown import code, joined

Schema = Mapping[str, Any]

_WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its dotted path, and what the schema says about it. NAME stands for a name that you choose."""

    path: str
    schema: Schema
    required: bool


def configuration_parts() -> dict[str, str]:
    """One part for each section, and `config:top` for the keys outside of sections."""
    parts: dict[str, list[str]] = {}
    found = list(keys())
    sections = {key.path.partition(".")[0] for key in found if "." in key.path}
    for key in found:
        head = key.path.partition(".")[0]
        name = head if head in sections else "top"
        parts.setdefault(f"config:{name}", []).append(_entry(key))
    return {name: joined(entries) for name, entries in parts.items()}


def keys() -> Iterator[Key]:
    """Every key that is not a section, in the file's order."""
    schema = Config.model_json_schema()
    yield from _walk(schema, "", schema["$defs"])


def _walk(schema: Schema, prefix: str, defs: Schema) -> Iterator[Key]:
    required = schema.get("required", ())
    for name, found in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        inner, suffix = _section(found, defs)
        if inner is None:
            yield Key(path, found, name in required)
            continue
        if prefix or suffix:
            yield Key(path, found, name in required)
        yield from _walk(inner, f"{path}{suffix}.", defs)


def _section(schema: Schema, defs: Schema) -> tuple[Schema | None, str]:
    """The group of keys that this one holds, and what stands between: a name, a list, nothing."""
    for alternative in (schema, *schema.get("anyOf", ())):
        if "$ref" in alternative:
            return defs[alternative["$ref"].rpartition("/")[2]], ""
        if "$ref" in alternative.get("items", {}):
            return _group(defs[alternative["items"]["$ref"].rpartition("/")[2]]), "[]"
        for inner in _values(alternative):
            if "$ref" in inner:
                return defs[inner["$ref"].rpartition("/")[2]], ".NAME"
    return None, ""


def _group(schema: Schema) -> Schema:
    """Where a group of keys may also be written as a name, the group."""
    return next((each for each in schema.get("anyOf", ()) if "properties" in each), schema)


def _values(schema: Schema) -> list[Schema]:
    """Schemas of the values of a mapping."""
    found = [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]
    return [each for each in found if isinstance(each, Mapping)]


def _entry(key: Key) -> str:
    facts = f"{type_words(key.schema)}; {_default(key)}."
    return f"### {code(key.path)}\n\n{facts[:1].upper()}{facts[1:]}\n\n{key.schema.get('description', '')}".rstrip()


def _default(key: Key) -> str:
    if key.required:
        return "required"
    default = key.schema.get("default")
    if default in (None, "", [], {}):
        return "default: none"
    if isinstance(default, Mapping):
        return "default: the defaults of its keys"
    return f"default: {code(default if isinstance(default, str) else json.dumps(default))}"


def type_words(schema: Schema) -> str:
    """The type in the words of somebody who writes YAML."""
    if "anyOf" in schema:
        return type_words(next(each for each in schema["anyOf"] if each.get("type") != "null"))
    if "$ref" in schema:
        return "a group of keys"
    if choices := schema.get("enum"):
        return "one of " + ", ".join(code(choice or '""') for choice in choices)
    if schema.get("type") == "array":
        return "list of groups of keys" if "$ref" in schema["items"] else f"list of {type_words(schema['items'])}"
    if schema.get("type") == "object":
        return f"mapping of names to {'groups of keys' if any('$ref' in v for v in _values(schema)) else 'text'}"
    return _scalar(schema)


def _scalar(schema: Schema) -> str:
    if schema.get("format") == "path":
        return "path"
    if "(env|file)" in schema.get("pattern", ""):
        return "secret reference"
    if "https?" in schema.get("pattern", ""):
        return "URL"
    return _WORDS[schema["type"]] + _bounds(schema)


def _bounds(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if schema.get("exclusiveMinimum") is not None:
        return f" above {schema['exclusiveMinimum']:g}"
    if least is not None and most is not None:
        return f" from {least:g} to {most:g}"
    return f", at least {least:g}" if least is not None else ""
