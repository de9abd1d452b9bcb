"""Sampled values made comparable, and the leaves of values that hold other values (arrays, JSON)."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

MAX_VALUES = 200
MAX_CHARS = 2_000  # of one value; what comes after tells little more about the column
MAX_JSON = 200_000
MAX_LEAVES = 2_000
MAX_DEPTH = 12
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


def normalise(values: Iterable[str]) -> tuple[str, ...]:
    """At most 200 values that are not blank: clipped, full-width forms folded (NFKC), zero-width characters removed."""
    kept: list[str] = []
    for value in values:
        text = value[:MAX_CHARS].strip()
        if not text.isascii():
            text = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).strip()
        if text:
            kept.append(text)
        if len(kept) == MAX_VALUES:
            break
    return tuple(kept)


def array_elements(values: Iterable[str]) -> list[str]:
    """Elements of PostgreSQL array literals such as `{a,"b, c",NULL}`; nesting is flattened."""
    flat = (value[: MAX_CHARS * 4].replace("{", "").replace("}", "") for value in values)
    elements = [element for text in flat for element in _fields(text)]
    return [element for element in elements if element and element != "NULL"][:MAX_LEAVES]


def _fields(text: str) -> Sequence[str]:
    try:
        return next(csv.reader([text.replace("\n", " ")], escapechar="\\"), [])
    except csv.Error:
        return text.split(",")


def json_leaves(values: Iterable[str]) -> dict[str, list[str]]:
    """Scalars of JSON documents by the name of their key ("" at the top). What does not parse counts as one text."""
    leaves: dict[str, list[str]] = {}
    seen = 0
    for value in values:
        for key, leaf in _leaves_of(value):
            leaves.setdefault(key, []).append(leaf)
            seen += 1
            if seen >= MAX_LEAVES:
                return leaves
    return leaves


def _leaves_of(value: str) -> Iterator[tuple[str, str]]:
    if len(value) > MAX_JSON:
        yield "", value[:MAX_CHARS]
        return
    try:
        document = json.loads(value, object_pairs_hook=_pairs, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        yield "", value[:MAX_CHARS]
        return
    yield from _walk("", document, 0)


class _Members(list[tuple[str, object]]):
    """The members of one object; a list, because a key that comes twice must not hide its first value."""


def _pairs(pairs: list[tuple[str, object]]) -> _Members:
    return _Members(pairs)


def _walk(key: str, node: object, depth: int) -> Iterator[tuple[str, str]]:
    if depth > MAX_DEPTH:
        yield key, str(node)[:MAX_CHARS]
    elif isinstance(node, _Members):
        for name, child in node:
            yield from _walk(name, child, depth + 1)
    elif isinstance(node, list):
        for child in node:
            yield from _walk(key, child, depth + 1)
    elif isinstance(node, str):
        yield key, node
