"""JSON read so that it can be written back as it was: numbers as their digits, duplicate keys as two members.

Source of the format: RFC 8259; places are named by JSON pointers (RFC 6901). A double cannot hold 9007199254740993 and
a dictionary cannot hold a key twice, so neither is used.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from json.encoder import encode_basestring as quoted
from json.encoder import encode_basestring_ascii as escaped
from typing import TypeAlias

MAX_CHARS = 64 << 20
MAX_DEPTH = 64


class Unreadable(ValueError):
    """Not JSON, too long or too deep. The message holds nothing of the text."""


class Number(str):
    """A number as it is written."""

    __slots__ = ()


class Members(list[tuple[str, "Node"]]):
    """The members of an object in their order."""

    __slots__ = ()


Node: TypeAlias = "Members | list[Node] | str | Number | bool | None"


def read(text: str) -> Node:
    """The tree of a JSON text. Raises Unreadable."""
    if len(text) > MAX_CHARS:
        raise Unreadable("the text is too long")
    try:
        tree: Node = json.loads(
            text, object_pairs_hook=Members, parse_int=Number, parse_float=Number, parse_constant=_refused
        )
    except (ValueError, RecursionError):
        raise Unreadable("not a JSON text") from None
    if _too_deep(tree):
        raise Unreadable("the text is too deep")
    return tree


def _refused(_word: str) -> Node:
    raise ValueError("JSON knows no such constant")


def _too_deep(tree: Node) -> bool:
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in children(node)]
        if not level:
            return False
    return True


def children(node: Node) -> Sequence[Node]:
    """What an object or array holds that may hold more."""
    if isinstance(node, Members):
        return [value for _name, value in node if isinstance(value, list)]
    return [value for value in node if isinstance(value, list)] if isinstance(node, list) else ()


def write(node: Node) -> str:
    """The tree as compact JSON text."""
    parts: list[str] = []
    _write(node, parts)
    return "".join(parts)


def _write(node: Node, parts: list[str]) -> None:
    if isinstance(node, Members):
        opening = "{"
        for name, value in node:
            parts += (opening, _text(name), ":")
            _write(value, parts)
            opening = ","
        parts.append("}" if node else "{}")
    elif isinstance(node, list):
        opening = "["
        for child in node:
            parts.append(opening)
            _write(child, parts)  # type: ignore[arg-type]  # mypy sees the pairs of Members here as well
            opening = ","
        parts.append("]" if node else "[]")
    elif isinstance(node, Number):
        parts.append(node)
    elif isinstance(node, str):
        parts.append(_text(node))
    else:
        parts.append("null" if node is None else "true" if node else "false")


def _text(text: str) -> str:
    """A string; half characters (lone surrogates) stay escapes, because UTF-8 cannot hold them."""
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        return escaped(text)
    return quoted(text)


def pointer(steps: Sequence[str | int]) -> str:
    """RFC 6901: `/orders/0/e~1mail`."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
