"""Plain JSON documents column by column: one list of values for every key of every place, without a node per leaf.

For what machines send, many objects of the same keys. A document that needs more understanding (headers beside rows,
maps of equal objects, arrays of arrays, numbers or keys that a dictionary cannot hold) is `Unusual` and goes through
`catalog.jsontext` and `catalog.leaves`, which judge the same columns more slowly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from catalog.jsontext import MAX_DEPTH
from catalog.leaves import ANY, Shape, headers_possible, pair_of

_BLANKS = re.compile(rb'("(?:[^"\\]++|\\.)*+")|[ \t\r\n]++', re.DOTALL)
_SCALARS = frozenset({str, int, float, bool, type(None)})
_NOTHING = type(None)
_MOST_KINDS = 256  # sets of keys, or names of pairs, in one place

Plain = dict[str, Any] | list[Any]


class Unusual(Exception):
    """The document is not plain: read it leaf by leaf."""


@dataclass(frozen=True, slots=True)
class Part:
    """Scalars of one column: `key` of every object in `holders`, or all items of every array where `key` is None."""

    holders: list[Any]
    key: str | None

    def values(self) -> list[Any]:
        if self.key is None:
            return [value for items in self.holders for value in items]
        key = self.key
        return [row[key] for row in self.holders]

    def places(self) -> Iterator[tuple[Any, Any]]:
        """(holder, key or index) of every value, in the order of `values`."""
        if self.key is None:
            return ((items, index) for items in self.holders for index in range(len(items)))
        return ((row, self.key) for row in self.holders)


@dataclass(slots=True)
class Columns:
    """Parts by the place of their table and the name of their column."""

    tables: dict[Shape, dict[str, list[Part]]] = field(default_factory=dict)

    def add(self, shape: Shape, name: str, part: Part) -> None:
        self.tables.setdefault(shape, {}).setdefault(name, []).append(part)


def read(text: str) -> Plain:
    """The document as dictionaries and lists, if writing them gives the very same document. Raises Unusual."""
    data = text.encode("utf-8", "surrogatepass")
    try:
        tree = orjson.loads(data)
        if not isinstance(tree, dict | list) or not _same(tree, data):
            raise Unusual
    except (ValueError, TypeError, RecursionError):
        raise Unusual from None
    return tree


def _same(tree: Plain, data: bytes) -> bool:
    """Whether nothing is lost: digits, keys that come twice, escapes."""
    written = orjson.dumps(tree)
    if written == data:
        return True
    compact = _BLANKS.sub(rb"\1", data)
    if written == compact:
        return True
    return b"\\u" in compact and json.dumps(tree, separators=(",", ":")).encode() == compact


def write(tree: Plain) -> str:
    """As compact JSON text."""
    return orjson.dumps(tree).decode()


def columns(tree: Plain) -> Columns:
    """Every scalar of the document in the column that it belongs to. Raises Unusual."""
    found = Columns()
    if isinstance(tree, dict):
        _objects([tree], (), found)
    else:
        _arrays([tree], (), found)
    return found


def _objects(rows: list[dict[str, Any]], shape: Shape, found: Columns) -> None:
    if len(shape) > MAX_DEPTH:
        raise Unusual
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row), []).append(row)
    if len(groups) > _MOST_KINDS:
        raise Unusual
    for keys, group in groups.items():
        if headers_possible(keys):
            raise Unusual
        pair = pair_of(keys)
        nested = 0
        for key in keys:
            values = [row[key] for row in group]
            kinds = set(map(type, values))
            if kinds <= _SCALARS:
                if pair and key == pair[1]:
                    _pairs(group, pair, shape, found)
                else:
                    found.add(shape, key, Part(group, key))
                continue
            nested += dict in kinds
            _inner(values, kinds, (*shape, key), found)
        if nested >= 3 and nested == len(keys):
            raise Unusual  # perhaps a map of equal objects


def _inner(values: list[Any], kinds: set[type], shape: Shape, found: Columns) -> None:
    present = [value for value in values if value is not None] if _NOTHING in kinds else values
    kinds = kinds - {_NOTHING}
    if kinds == {dict}:
        _objects(present, shape, found)
    elif kinds == {list}:
        _arrays(present, shape, found)
    else:
        raise Unusual


def _arrays(several: list[list[Any]], shape: Shape, found: Columns) -> None:
    items = [item for items in several for item in items]
    kinds = set(map(type, items))
    if kinds <= _SCALARS:
        found.add(shape[:-1], shape[-1] if shape else "", Part(several, None))
    elif kinds == {dict}:
        _objects(items, (*shape, ANY), found)
    else:
        raise Unusual


def _pairs(group: list[dict[str, Any]], pair: tuple[str, str], shape: Shape, found: Columns) -> None:
    """Objects that are a name and a value each: a column for every name."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in group:
        name = row[pair[0]]
        if not isinstance(name, str) or not 0 < len(name) <= 64:
            raise Unusual
        by_name.setdefault(name, []).append(row)
    if len(by_name) > _MOST_KINDS:
        raise Unusual
    for name, rows in by_name.items():
        found.add((*shape, "="), name, Part(rows, pair[1]))


@lru_cache(maxsize=1024)
def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def pointers(tree: Plain, marked: dict[tuple[int, Any], Any]) -> Iterator[tuple[str, Any]]:
    """(JSON pointer, mark) of the places in `marked`, which are (id of the holder, key or index)."""
    waiting: list[tuple[Any, str]] = [(tree, "")]
    while waiting:
        node, path = waiting.pop()
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for step, value in items:
            mark = marked.get((id(node), step))
            if mark is not None:
                yield f"{path}/{_escaped(str(step))}", mark
            elif isinstance(value, dict | list):
                waiting.append((value, f"{path}/{_escaped(str(step))}"))
