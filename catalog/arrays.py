"""PostgreSQL's text form of arrays: `{a,"b c",NULL}`, nested. Source: PostgreSQL documentation, §8.15.6."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Array = list["str | Array | None"]
DEEPEST = 6  # dimensions that PostgreSQL has (MAXDIM)
_BOUNDS = re.compile(r"[\[\]:0-9-]{1,200}=", re.ASCII)
_QUOTED = frozenset('{}",\\ \t\n\r\v\f')


class NotAnArray(ValueError):
    """The text is no array literal. Never tells the text."""


def read_array(text: str, *, delimiter: str = ",") -> Array:
    """The elements of a literal, without its bounds. Raises NotAnArray."""
    text = text[len(bounds_of(text)) :]
    reader = _Reader(text, delimiter)
    if not text.startswith("{"):
        raise NotAnArray("no opening brace")
    array = reader.array(1)
    if reader.at != len(text):
        raise NotAnArray("something follows the array")
    return array


def bounds_of(text: str) -> str:
    """`[2:3]=` of `[2:3]={…}`, "" where an array starts at 1."""
    found = _BOUNDS.match(text)
    return found[0] if found else ""


class _Reader:
    def __init__(self, text: str, delimiter: str) -> None:
        self.text, self.delimiter, self.at = text, delimiter, 1

    def array(self, depth: int) -> Array:
        """From after the brace to after its closing one."""
        if depth > DEEPEST:
            raise NotAnArray("too deep")
        items: Array = []
        if self._char() == "}":
            self.at += 1
            return items
        while True:
            items.append(self._item(depth))
            char = self._char()
            self.at += 1
            if char == "}":
                return items
            if char != self.delimiter:
                raise NotAnArray("no delimiter")

    def _item(self, depth: int) -> str | Array | None:
        if self._char() == "{":
            self.at += 1
            return self.array(depth + 1)
        if self._char() == '"':
            self.at += 1
            return self._quoted()
        start = self.at
        while self._char() not in (self.delimiter, "}"):
            self.at += 1
        word = self.text[start : self.at]
        if "\\" in word or '"' in word or "{" in word or not word:
            raise NotAnArray("an element that PostgreSQL would have quoted")
        return None if word == "NULL" else word

    def _quoted(self) -> str:
        out = []
        while (char := self._char()) != '"':
            if char == "\\":
                self.at += 1
                char = self._char()
            out.append(char)
            self.at += 1
        self.at += 1
        return "".join(out)

    def _char(self) -> str:
        if self.at >= len(self.text):
            raise NotAnArray("the text ends too early")
        return self.text[self.at]


def write_array(array: Array, *, delimiter: str = ",") -> str:
    return "{" + delimiter.join(_written(array, delimiter)) + "}"


def _written(array: Array, delimiter: str) -> Iterator[str]:
    for item in array:
        if item is None:
            yield "NULL"
        elif isinstance(item, list):
            yield write_array(item, delimiter=delimiter)
        elif not item or item.upper() == "NULL" or _QUOTED & set(item) or delimiter in item:
            yield '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'
        else:
            yield item


def each(array: Array, change: Callable[[str], str | None]) -> Array:
    """The array with every element changed; NULL stays NULL."""
    changed: Array = []
    for item in array:
        changed.append(item if item is None else each(item, change) if isinstance(item, list) else change(item))
    return changed
