"""Every event that a record may hold."""

from __future__ import annotations

import inspect
from dataclasses import fields

from server.recording.events import EVENTS
from server.reference.markdown import cell, code, joined, table


def record_parts() -> dict[str, str]:
    return {"events": joined(_entry(name, kind) for name, kind in EVENTS.items())}


def _entry(name: str, kind: type) -> str:
    rows = [(code(each.name), cell(_words(str(each.type)))) for each in fields(kind)]
    return joined((f"### {code(name)}", inspect.getdoc(kind) or "", table(("Field", "JSON"), rows)))


def _words(annotation: str) -> str:
    """The Python annotation as the JSON that it becomes."""
    if annotation.startswith("Sequence[Mapping"):
        return "array of objects of text"
    if annotation.startswith("Sequence["):
        return "array of text" if "str" in annotation else "array"
    words = {"str": "text", "int": "whole number", "float": "number"}
    kind, _, rest = annotation.partition(" | ")
    return words.get(kind, kind) + (" or null" if rest == "None" else "")
