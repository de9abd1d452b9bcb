"""Cuts a .cedar file into its policies, so that every message can name a line.

Cedar's own parser reports no positions through its binding. A policy ends at the first `;`
outside a string and a comment (Cedar grammar, docs.cedarpolicy.com/policies/syntax-grammar.html),
which is all that has to be known here; everything else is left to Cedar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|//[^\n\r]*)
  | (?P<string>"(?:[^"\\]|\\.)*"?)
  | (?P<end>;)
  | (?P<other>[^\s";/]+|/)
    """,
    re.VERBOSE | re.DOTALL,
)
_ID = re.compile(r'@id\s*\(\s*"((?:[^"\\]|\\.)*)"\s*\)')


@dataclass(frozen=True, slots=True)
class Piece:
    """The text of one policy, comments inside it included; `line` is where it starts, counted from 1."""

    text: str
    line: int

    @property
    def rule_id(self) -> str:
        """The @id as far as it can be read from text that may not parse."""
        match = _ID.search(self.text)
        return match[1] if match else ""


def split_policies(text: str) -> Iterator[Piece]:
    """The policies of a file in order; a last one without its `;` comes as it is, for Cedar to refuse."""
    start: int | None = None
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "blank":
            continue
        if start is None:
            start = token.start()
        if token.lastgroup == "end":
            yield _piece(text, start, token.end())
            start = None
    if start is not None:
        yield _piece(text, start, len(text))


def _piece(text: str, start: int, end: int) -> Piece:
    return Piece(text[start:end], text.count("\n", 0, start) + 1)
