"""Where the clauses of a simple statement stand in its text, by the lexical rules of the manual ("Lexical Structure").

libpg_query tells where expressions begin, not where they end. What is cut out here is parsed again and compared with
the syntax tree that was meant (rewriting.py), so that a mistake costs a suggestion and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<skip>\s+|--[^\n]*|/\*.*?\*/)
      |(?P<string>[eE]'(?:[^'\\]|\\.|'')*'|[bBxXnN]?'(?:[^']|'')*'|\$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?(tag)(?P=tag))\$)
      |(?P<name>"(?:[^"]|"")*")
      |(?P<parameter>\$\d+)
      |(?P<word>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
      |(?P<other>[0-9.]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_OPEN, _CLOSE = frozenset("(["), frozenset(")]")
_HEADS = ("WITH", "SELECT", "DELETE", "UPDATE")
_CLAUSES = frozenset(
    {"FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "OFFSET", "FETCH", "FOR", "RETURNING", "USING"}
)
_SETS = frozenset({"UNION", "INTERSECT", "EXCEPT"})


@dataclass(frozen=True, slots=True)
class Token:
    """`word` is in upper case, "" for what is no word. `depth` counts brackets and CASE … END around it."""

    kind: str
    word: str
    start: int
    end: int
    depth: int


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text: characters from `start` up to `end`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


def tokens(text: str) -> list[Token]:
    """Everything but white space and comments."""
    found: list[Token] = []
    depth = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup if match.lastgroup != "tag" else "string"
        if kind == "skip" or kind is None:
            continue
        value = match[0]
        word = value.upper() if kind == "word" else ""
        if value in _CLOSE or word == "END":
            depth -= 1
        found.append(Token(kind, word or (value if kind == "other" else ""), match.start(), match.end(), depth))
        if value in _OPEN or word == "CASE":
            depth += 1
    return found


def clauses(text: str) -> dict[str, Span] | None:
    """Clause → its span from the keyword to the next clause, at the top level. None for what is no simple statement."""
    everything = tokens(text)
    flat = [token for token in everything if token.depth == 0]
    while flat and flat[-1].word == ";":
        flat.pop()
    if not flat or flat[0].word not in _HEADS or any(token.word in _SETS for token in flat):
        return None
    heads = [index for index, token in enumerate(flat) if token.word in ("SELECT", "DELETE", "UPDATE")]
    starts = heads[:1]
    for index, token in enumerate(flat[heads[0] + 1 :] if heads else (), heads[0] + 1 if heads else 0):
        if token.word in _CLAUSES and not _part_of_another(flat, index):
            starts.append(index)
    bounds = [flat[index].start for index in starts[1:]] + [flat[-1].end]
    ends = [_end_before(everything, bound) for bound in bounds]
    named = [flat[index].word for index in starts]
    if not starts or len(set(named)) != len(named):
        return None
    return {flat[index].word: Span(flat[index].start, end) for index, end in zip(starts, ends, strict=True)}


def _end_before(found: Sequence[Token], bound: int) -> int:
    """Where the last token before `bound` ends: a comment behind it belongs to nobody."""
    return max((token.end for token in found if token.end <= bound), default=bound)


def _part_of_another(flat: Sequence[Token], index: int) -> bool:
    """`IS DISTINCT FROM`, `DELETE FROM`, `JOIN … USING (…)`, `SELECT … FOR UPDATE`."""
    token, before = flat[index], flat[index - 1].word
    if token.word == "FROM":
        return before in ("DISTINCT", "DELETE")
    if token.word == "USING":
        return flat[0].word != "DELETE" and not any(each.word == "DELETE" for each in flat[:index])
    return False


def items(text: str, span: Span, *, between: str, skip: int = 1) -> list[Span]:
    """The parts of a clause: between commas, or ("AND") the conditions of a WHERE. `skip` = its words in front."""
    inside = [token for token in tokens(text) if span.start <= token.start < span.end and token.depth == 0]
    whole = [token for token in tokens(text) if span.start <= token.start < span.end]
    first, found, ranged = skip, [], False
    for index, token in enumerate(inside):
        ranged = ranged or token.word == "BETWEEN"
        if token.word == between and index >= skip:
            if between == "AND" and ranged:
                ranged = False
                continue
            found.append((inside[first].start, token.start) if first < index else (token.start, token.start))
            first = index + 1
    if first < len(inside):
        found.append((inside[first].start, whole[-1].end))
    return [Span(start, max(start, _end_before(whole, end))) for start, end in found]
