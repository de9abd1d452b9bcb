"""What rules may say: actions and context from the schema, effects, labels, annotations, and the packs rule by rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType

from catalog.masking import cell_mask
from catalog.model import Label
from policy.annotations import ANNOTATIONS
from policy.document import Document, load_document, pack_names
from policy.effects import EFFECTS
from policy.rule import Rule
from server.reference.markdown import cell, code, fence, joined, table

_MEMBER = re.compile(r'^\s*"?(?P<name>\w+)"?\s*:?\s*(?P<type>[^,]*?),?$')


SAMPLES: Mapping[Label, str] = MappingProxyType(
    {
        Label.EMAIL: "jane@example.com",
        Label.PHONE: "+49 170 1234567",
        Label.CREDIT_CARD: "4242 4242 4242 4242",
        Label.IBAN: "DE89 3704 0044 0532 0130 00",
        Label.POSTCODE: "10115",
        Label.DOB: "1987-06-05",
        Label.IP: "203.0.113.7",
        Label.GEO: "52.520008, 13.404954",
    }
)
"""Values that nobody owns, for the labels whose mask keeps a part."""


def rule_parts() -> dict[str, str]:
    schema = files("policy").joinpath("warded.cedarschema").read_text("utf-8")
    return {
        "actions": table(("Action", "Meaning"), _actions(schema)),
        "context": table(("Field", "Type", "Meaning"), _context(schema, "type Facts = {", "context")),
        "moment": table(("Field", "Type", "Meaning"), _context(schema, "type Moment = {", "context.now")),
        "effects": table(("Effect", "Meaning"), [(code(name), cell(doc)) for name, doc in EFFECTS]),
        "labels": table(("Label", "Mask", "In text"), [_mask(label) for label in Label]),
        "annotations": table(("Annotation", "On", "Meaning"), _annotations()),
        **{f"pack:{name}": _pack(name) for name in pack_names()},
    }


def _actions(schema: str) -> Iterator[tuple[str, str]]:
    """The list of the first action declaration, and reveal, whose comment stands above its own."""
    block = schema.partition("\naction\n")[2].partition("appliesTo")[0]
    yield from ((code(name), cell(doc)) for name, _type, doc in _members(block))
    above = schema.partition('action "reveal"')[0].rpartition("\n\n")[2]
    yield code("reveal"), cell(_comment(above.splitlines()))


def _context(schema: str, start: str, prefix: str) -> Iterator[tuple[str, str, str]]:
    block = schema.partition(start)[2].partition("};")[0]
    for name, kind, doc in _members(block):
        yield code(f"{prefix}.{name}"), code(kind), cell(doc)


def _members(block: str) -> Iterator[tuple[str, str, str]]:
    """(name, type, comment above it) of each line that is not a comment."""
    comment: list[str] = []
    for line in block.splitlines():
        if line.strip().startswith("//"):
            comment.append(line)
        elif match := _MEMBER.match(line):
            yield match["name"], match["type"], _comment(comment)
            comment = []


def _comment(lines: Iterable[str]) -> str:
    return " ".join(line.strip().removeprefix("//").strip() for line in lines)


def _mask(label: Label) -> tuple[str, str, str]:
    """How a label hides a value in a text column, shown on a sample where a part of it stays."""
    mask = cell_mask(label, "text")
    sample = SAMPLES.get(label, "")
    shown = f"{code(sample)} → {code(mask.apply(sample))}" if sample else code(mask.redacted)
    return code(label), mask.kind, shown


def _annotations() -> Iterator[tuple[str, str, str]]:
    for entry in ANNOTATIONS.values():
        yield code(f"@{entry.name}"), {"both": "permit, forbid"}.get(entry.on, entry.on), cell(entry.doc)


def _pack(name: str) -> str:
    text = files("policy").joinpath("packs", f"{name}.cedar").read_text("utf-8")
    document: Document = load_document(None, [name])
    return joined(_rule(rule, _above(text, rule.line)) for rule in document.policies)


def _above(text: str, line: int) -> str:
    """The comment that stands right above a rule."""
    lines: list[str] = []
    for before in reversed(text.splitlines()[: line - 1]):
        if not before.startswith("//"):
            break
        lines.insert(0, before)
    return _comment(lines)


def _rule(rule: Rule, comment: str) -> str:
    return joined(
        (
            f"#### {code(rule.id)}",
            f"{_verb(rule)} {rule.reason} {comment}".strip(),
            f"What would pass: {rule.suggest}" if rule.suggest else "",
            fence(rule.text, "cedar"),
        )
    )


def _verb(rule: Rule) -> str:
    if rule.hold:
        return "**Held.**"
    return "**Refused.**" if rule.effect == "forbid" else "**Permitted.**"
