"""Every tool that an agent may be shown, from the verbs themselves, and the result envelope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from backends import load_backends
from backends.base import Verb
from server.reference.markdown import cell, code, joined, table
from server.tools.gateway import LIST_RESOURCES, REQUEST_STATUS, WHOAMI

Schema = Mapping[str, Any]

_HINTS = {
    "readOnlyHint": ("reads only", "may change data"),
    "destructiveHint": ("may destroy data", "destroys nothing"),
    "idempotentHint": ("safe to repeat", "not safe to repeat"),
}


WORDS: Mapping[str, str] = MappingProxyType(
    {
        "user": "The person you act for.",
        "groups": "The person's groups.",
        "via": "`agent`, or `person` without one.",
        "agent": "Your name as it stands in the record.",
        "session": "The log-in; the record of it carries the same id.",
        "resources": "What you may reach.",
        "resources[].name": "What other tools call it.",
        "resources[].kind": "The protocol it speaks, such as postgres.",
        "resources[].description": "What it holds.",
        "resources[].tags": "Its tags, by name.",
        "resources[].tools": "The tools that work on it.",
        "columns[].name": "As the statement names it.",
        "columns[].type": "The database's own name of the type.",
        "masked[].column": "The column's name.",
        "masked[].label": "What it is about.",
        "masked[].mask": "The kind: see [Masks](masks.md#kinds).",
        "request": "The request for approval.",
        "request.id": "Its id, for `request_status`.",
        "request.status": "`pending`, `approved`, `denied`, `expired`, `running`, `done` or `failed`.",
        "request.approvers": "The groups that are asked, every one of them.",
        "request.expires_at": "Until when it can be answered (ISO 8601, UTC).",
        "request.url": "Where people find it in the REST API.",
        "rewrite.sql": "The statement.",
        "rewrite.change": "What is different, and which of your parameters it takes.",
        "rewrite.outcome": "`allow`, or `hold`: it would wait for people.",
        "reasons[].rule": "The rule's id; empty when no rule spoke.",
        "reasons[].text": "What it says.",
        "reasons[].suggestion": "The smallest change that would pass.",
        "error": "What went wrong.",
        "error.code": "Stable, for programs.",
        "error.message": "What happened.",
        "error.remedy": "What to do about it.",
        "plan.statements[].kind": "Such as DELETE.",
        "plan.statements[].text": "The statement.",
        "plan.statements[].effects": "What it does, in the words that rules use.",
        "plan.masked[].column": "The column's name.",
        "plan.masked[].label": "What it is about.",
        "plan.masked[].mask": "How it would be masked.",
        "next_step": "What to do next.",
    }
)
"""What the schemas leave unsaid, because names and examples tell a model enough."""


def tool_parts() -> dict[str, str]:
    return {
        "tools": joined(_entry(verb) for verb in tools()),
        "envelope": table(("Field", "Type", "Meaning"), _rows(envelope_schema())),
    }


def tools() -> tuple[Verb, ...]:
    """Every tool there is, in the order in which tools/list shows them."""
    return (WHOAMI, LIST_RESOURCES, REQUEST_STATUS, *(verb for backend in load_backends() for verb in backend.verbs))


def envelope_schema() -> Schema:
    """The schema of the one result that all verbs of backends share."""
    return next(verb.output_schema for backend in load_backends() for verb in backend.verbs)


def _entry(verb: Verb) -> str:
    hints = ", ".join(_HINTS[name][0 if value else 1] for name, value in verb.hints.items() if name in _HINTS)
    shared = verb.output_schema == envelope_schema()
    output = "Answers with [the result envelope](#the-result-envelope)." if shared else _output(verb)
    arguments = list(_arguments(verb.input_schema))
    return joined(
        (
            f"### {code(verb.name)}",
            verb.doc,
            f"Annotations: {hints}.",
            table(("Argument", "Type", "Meaning"), arguments) if arguments else "No arguments.",
            output,
        )
    )


def _output(verb: Verb) -> str:
    rows = [(path, kind, cell(words.removeprefix("Always there."))) for path, kind, words in _rows(verb.output_schema)]
    return joined(("Answers with:", table(("Field", "Type", "Meaning"), rows)))


def _arguments(schema: Schema) -> Iterator[tuple[str, str, str]]:
    for name, found in schema["properties"].items():
        needed = "Required. " if name in schema["required"] else ""
        yield code(name), cell(_type(found)), cell(f"{needed}{found.get('description', '')}")


def _rows(schema: Schema, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    required = schema.get("required", ())
    for name, found in schema.get("properties", {}).items():
        path, inner = f"{prefix}{name}", _present(found)
        always = "Always there. " if name in required and not prefix else ""
        yield code(path), cell(_type(inner)), cell(f"{always}{found.get('description') or WORDS.get(path, '')}")
        yield from _rows(inner, f"{path}.")
        yield from _rows(inner.get("items", {}), f"{path}[].")


def envelope_fields() -> list[str]:
    """Every field of the envelope as a dotted path, in code."""
    return [row[0] for row in _rows(envelope_schema())]


def _present(schema: Schema) -> Schema:
    """The schema of a value that is there: without the null beside it."""
    return next((each for each in schema.get("anyOf", ()) if each.get("type") != "null"), schema)


def _type(schema: Schema) -> str:
    if choices := schema.get("enum"):
        return ", ".join(code(choice or '""') for choice in choices)
    if schema.get("type") == "array":
        items = schema.get("items", {})
        return f"array of {'objects' if items.get('type') == 'object' else _type(items)}"
    kind = schema.get("type", "any")
    words = ", ".join(kind) if isinstance(kind, list) else str(kind)
    bounds = [f"{word} {schema[key]:g}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    return " ".join((words, *bounds))
