"""Tokens as the server sees them, bounds on the text, and the plain text that sqlglot is given instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

MAX_TEXT = 256 * 1024  # characters of one text; a longer one is not understood
MAX_TOKENS = 60_000
MAX_DEPTH = 100  # parentheses, CASE and unary signs inside each other
MAX_OPEN_JOINS = 6  # joins whose condition is still to come: sqlglot's time doubles with each
TOO_DEEP = "the statement is nested too deeply"

WORD, NAME, STRING, NUMBER, VARIABLE, SIGN = "word", "name", "string", "number", "variable", "sign"
_OPENING = frozenset({"(", "[", "{"})
_CLOSING = frozenset({")", "]", "}"})
_DEEPER, _LESS_DEEP = _OPENING | {"CASE", "BEGIN"}, _CLOSING | {"END"}
_PREFIXES = frozenset({"-", "+", "~", "!", "NOT", "CASE"})
_SHAPING = _DEEPER | _LESS_DEEP | _PREFIXES | {"JOIN", "ON", "USING", "SELECT", ";"}
_BRACKETS = _OPENING | _CLOSING


class NotUnderstoodError(Exception):
    """The text is not SQL, or too large or deep to be judged. The message may be shown to its author."""


class Token(NamedTuple):
    """`word` is upper case, "" for everything but unquoted words and signs. `value` is what it stands for,
    `plain` how it is written for sqlglot, `start` and `end` are offsets in the text."""

    kind: str
    word: str
    value: str
    plain: str
    start: int
    end: int


Tokens = Sequence[Token]


def check_text(text: str) -> None:
    """Raises NotUnderstoodError for text that must not be read at all."""
    if len(text) > MAX_TEXT:
        raise NotUnderstoodError(f"the text is longer than {MAX_TEXT} characters")
    if "\0" in text:
        raise NotUnderstoodError("the text contains a NUL character")
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise NotUnderstoodError("the text is not valid Unicode (lone surrogate)")


def check_shape(tokens: Tokens) -> None:
    """Raises NotUnderstoodError where sqlglot's compiled parser would overflow its stack or take exponential time."""
    if len(tokens) > MAX_TOKENS:
        raise NotUnderstoodError("the statement is too long")
    depth = run = open_joins = 0
    before = ""
    for token in tokens:
        word = token.word
        if word not in _SHAPING:
            run, before = 0, word
            continue
        run = run + 1 if word in _PREFIXES else 0
        if word in _DEEPER:
            depth += 1
        elif word in _LESS_DEEP:
            depth = max(depth - 1, 0)
        elif word == "JOIN" and before not in ("CROSS", "NATURAL"):  # those need no condition, and cost nothing
            open_joins += 1
        elif word in ("ON", "USING"):
            open_joins = max(open_joins - 1, 0)
        elif word in ("SELECT", ";"):
            open_joins = 0
        if depth > MAX_DEPTH or run > MAX_DEPTH:
            raise NotUnderstoodError(TOO_DEEP)
        if open_joins > MAX_OPEN_JOINS:
            raise NotUnderstoodError("the statement has too many joins without a condition")
        before = word


def render(tokens: Tokens) -> str:
    """The tokens as text for sqlglot: no comments, one space between any two, so that nothing runs together."""
    return " ".join(token.plain for token in tokens)


def sign(word: str) -> Token:
    """A token that is not in the text."""
    return Token(SIGN, word, word, word, 0, 0)


def word(text: str) -> Token:
    return Token(WORD, text, text, text, 0, 0)


def split(tokens: Tokens, separator: str) -> list[list[Token]]:
    """Parts between separators outside of parentheses; empty parts stay."""
    parts: list[list[Token]] = []
    depth = begin = 0
    for index, token in enumerate(tokens):
        if token.word in _BRACKETS:
            depth += 1 if token.word in _OPENING else -1
        elif depth == 0 and token.word == separator:
            parts.append(list(tokens[begin:index]))
            begin = index + 1
    return [*parts, list(tokens[begin:])]


def find(tokens: Tokens, *words: str, start: int = 0) -> int:
    """Where the first of these words, or an opening parenthesis, stands outside of parentheses; -1 if nowhere."""
    depth, telling = 0, _BRACKETS.union(words)
    for index, token in enumerate(tokens):
        here = token.word
        if here not in telling:
            continue
        depth -= here in _CLOSING
        if depth == 0 and here in words and index >= start:
            return index
        depth += here in _OPENING
    return -1


def closing(tokens: Tokens, opening: int) -> int:
    """Where the parenthesis that opens at `opening` is closed; the end of the tokens if it is not."""
    depth = 0
    for index in range(opening, len(tokens)):
        depth += (tokens[index].word in _OPENING) - (tokens[index].word in _CLOSING)
        if depth == 0:
            return index
    return len(tokens)


def words_of(tokens: Tokens, count: int) -> tuple[str, ...]:
    """The first words, "" for what is none, always `count` of them."""
    found = tuple(token.word for token in tokens[:count])
    return found + ("",) * (count - len(found))
