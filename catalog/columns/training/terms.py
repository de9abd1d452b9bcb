"""The word lists that tables are made from: `terms.txt` (what people call columns, by kind, in many languages),
`schemas.txt` (which kinds stand beside each other; `kind=name` fixes a name) and `lists.txt` (the rest).

A line without indent is a key; the indented lines below it are its items, with `|` between them (blanks in schemas).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType


def read(name: str) -> dict[str, str]:
    """Key → its lines, joined."""
    entries: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in Path(__file__).with_name(name).read_text("utf-8").splitlines():
        if line.startswith("  "):
            lines.append(line[2:])
        elif line:
            lines = entries.setdefault(line.rstrip(":"), [])
    return {key: "".join(found) if name != "schemas.txt" else " ".join(found) for key, found in entries.items()}


def _split(name: str) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({key: tuple(text.split("|")) for key, text in read(name).items()})


TERMS, LISTS = _split("terms.txt"), _split("lists.txt")
SCHEMAS = tuple((tuple(names.split("|")), tuple(columns.split())) for names, columns in read("schemas.txt").items())
PEOPLE, NOUNS, ENDINGS = LISTS["people"], LISTS["nouns"], LISTS["endings"]
